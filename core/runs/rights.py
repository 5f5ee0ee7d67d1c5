"""Who may command an engine: whoever can read the key that lies beside its run.

The key never leaves its file. A command carries a proof instead: an HMAC-SHA256 under the key over
everything that the command says, its number included, so that no proof serves twice.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from core.errors import RunError
from core.runs.records import CommandRecord

KEY_NAME: Final = "operator.key"
_KEY_BYTES: Final = 32


class OperatorKey:
    """The right to command the engine of one run.

    Args:
        secret: What only those who hold the right know.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def proof(
        self,
        number: int,
        wall_time: float,
        issuer: str,
        name: str,
        arguments: Mapping[str, object],
    ) -> str:
        """What shows that a command comes from somebody who holds the key."""
        said = json.dumps([number, wall_time, issuer, name, arguments], sort_keys=True)
        return hmac.digest(self._secret, said.encode(), "sha256").hex()

    def proves(self, record: CommandRecord) -> bool:
        """Whether a command was handed in by somebody who holds the key."""
        expected = self.proof(
            record.id, record.wall_time, record.issuer, record.name, record.arguments
        )
        return hmac.compare_digest(expected.encode(), record.proof.encode())


def ensure_key(directory: Path) -> OperatorKey:
    """The key of a run, made (0600) if there is none; for engines and whoever creates a run.

    Raises:
        RunError: It can neither be read nor made.
    """
    path = directory / KEY_NAME
    try:
        if not path.exists():
            _make(path)
        return _whole(path)
    except OSError as error:
        raise RunError(
            f"expected to read or make {path}, found: {(error.strerror or str(error)).lower()}.",
            "Only the user who started a run can go on with it.",
        ) from error


def read_key(directory: Path) -> OperatorKey:
    """The key of a run, for who wants to command its engine.

    Raises:
        RunError: There is none, or it may not be read: this user may only watch.
    """
    path = directory / KEY_NAME
    try:
        return _whole(path)
    except OSError as error:
        raise RunError(
            f"expected the right to command run {directory.name}, found none: "
            f"{KEY_NAME}: {(error.strerror or str(error)).lower()}.",
            "Attach with --read-only, or as the user who started it.",
        ) from error


def _whole(path: Path) -> OperatorKey:
    secret = path.read_bytes()
    # What is proved with an empty key, anybody can prove.
    if len(secret) < 2 * _KEY_BYTES:
        raise RunError(
            f"expected a key of {2 * _KEY_BYTES} bytes in {path}, found {len(secret)}.",
            "Delete it when no engine works on the run; the next one makes another.",
        )
    return OperatorKey(secret)


def _make(path: Path) -> None:
    # Complete before it has its name, so that nobody reads half a key; the first one stays.
    draft = path.with_name(f".{KEY_NAME}-{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(secrets.token_hex(_KEY_BYTES).encode())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
