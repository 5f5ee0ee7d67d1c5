"""The permission to write, which nobody gets by pressing a key.

It is asked for at the start, confirmed by the Deployment's full name, and checked where the write
happens.
"""

from __future__ import annotations

from core.cluster.kubernetes.target import Target
from core.errors import InputError


class WriteAuthority:
    """Whether this engine may write to one Deployment.

    Args:
        target: The Deployment.
        allowed: Whether the engine was started with the permission to write; for its whole life.
    """

    def __init__(self, target: Target, *, allowed: bool) -> None:
        self._target = target
        self._allowed = allowed
        self._confirmed = False

    @property
    def target(self) -> Target:
        """The Deployment."""
        return self._target

    @property
    def confirmed(self) -> bool:
        """Whether writing is allowed and was confirmed."""
        return self._allowed and self._confirmed

    def confirm(self, name: str) -> None:
        """Take the operator's confirmation; none is needed where one was given before.

        Args:
            name: context/namespace/deployment; empty for no confirmation.

        Raises:
            InputError: The engine was started without the permission, nothing was confirmed, or
                another Deployment was.
        """
        if not self._allowed:
            raise InputError(
                f"expected a run that may write to {self._target}, found one that may only look.",
                "Start another with --write.",
            )
        if not name and self._confirmed:
            return
        if name != str(self._target):
            found = repr(name) if name else "none"
            raise InputError(
                f"expected the confirmation {str(self._target)!r}, found {found}.",
                "Confirm with the full name of the Deployment that is to be scaled.",
            )
        self._confirmed = True

    def check(self) -> None:
        """Make sure that writing is allowed.

        Raises:
            InputError: It is not.
        """
        if not self.confirmed:
            raise InputError(
                f"expected a confirmed permission to write to {self._target}, found none.",
                "Start with --write and confirm the Deployment's full name.",
            )
