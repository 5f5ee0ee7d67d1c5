"""The one exception family. Every message says what was expected, what was found, what to do."""

from __future__ import annotations

import errno
from enum import StrEnum
from pathlib import Path
from typing import Final


class RlscaleError(Exception):
    """Anything that the operator can be told in one line.

    Args:
        message: What was expected and what was found.
        hint: What to do about it; may be empty.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InputError(RlscaleError):
    """Invalid input from the operator: a file, a name, a number, a combination of flags."""

    exit_code = 2


class BundleError(InputError):
    """A policy bundle that cannot be trusted or does not fit this version."""


class RunError(RlscaleError):
    """A run that cannot be read, started, resumed or commanded."""


def one_line(error: BaseException) -> str:
    """What went wrong: our own errors as they are, others with their type."""
    if isinstance(error, RlscaleError):
        return str(error)
    return f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"


_WRONG_PLACE: Final = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENAMETOOLONG,
        errno.ELOOP,
    }
)
"""Errors that come of where something was to be written, not of what happened meanwhile."""


def cannot_write(path: Path, error: OSError, hint: str = "") -> RlscaleError:
    """What to raise when `path` cannot be written: about the input if the place is wrong.

    Args:
        path: What was to be written.
        error: What the system said.
        hint: What to do about a wrong place; by default to choose another.
    """
    message = f"expected to write {path}, found: {error.strerror or error}."
    if error.errno in _WRONG_PLACE:
        return InputError(message, hint or "Choose a folder that exists and that you may write.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RunError(message, "Make room on the disk, or choose another place.")
    return RunError(message, "Choose another place.")


class ClusterProblem(StrEnum):
    """What kind of answer a cluster, or what measures it, gave instead of the wanted one."""

    UNREACHABLE = "unreachable"
    """No connection: refused, reset, no such host, a certificate that is not trusted."""
    TIMEOUT = "timeout"
    """Connected, but no answer within the time that we wait."""
    UNAUTHORIZED = "unauthorized"
    """401: the credentials are missing, wrong or expired."""
    FORBIDDEN = "forbidden"
    """403: known, but not allowed to."""
    NOT_FOUND = "not found"
    """404: the object (or this version of its API) does not exist."""
    CONFLICT = "conflict"
    """409: somebody changed the object since it was read, or it exists already."""
    EXPIRED = "expired"
    """410: the point from which to watch is too old; list again."""
    INVALID = "invalid"
    """400, 405 or 422: the server does not accept what was asked."""
    THROTTLED = "throttled"
    """429: too many requests; see `retry_after_s`."""
    SERVER = "server error"
    """5xx, or an answer that makes no sense."""


class ClusterError(RlscaleError):
    """The Kubernetes API, or what delivers a cluster's metrics, did not do what was asked.

    Args:
        message: What was expected and what was found; never contains a secret.
        hint: What to do about it; may be empty.
        problem: What kind of answer it was.
        retry_after_s: How long the server asked to wait; None if it did not.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        problem: ClusterProblem,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.problem = problem
        self.retry_after_s = retry_after_s

    @property
    def is_transient(self) -> bool:
        """Whether the same request may well succeed later, without anybody doing something."""
        return self.problem in _TRANSIENT


_TRANSIENT = frozenset(
    {
        ClusterProblem.UNREACHABLE,
        ClusterProblem.TIMEOUT,
        ClusterProblem.EXPIRED,
        ClusterProblem.THROTTLED,
        ClusterProblem.SERVER,
    }
)
