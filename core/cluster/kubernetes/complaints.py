"""What the client library writes into the log instead of raising it.

A program that a kubeconfig names for its credentials may fail: the library then goes on without
any, and the refusal that follows says nothing about the reason. What the program printed may hold
secrets, so it must not get into a log as it is either.
"""

from __future__ import annotations

import logging
import threading

from core.cluster.kubernetes.redaction import redact

_SOURCE = "kube_config"
"""Module of the client library that logs such things, through the root logger."""


class _Complaints(logging.Filter):
    """Takes the records of that module out of the log, and keeps the last one of each thread."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop what is kept."""
        if record.module != _SOURCE:
            return True
        self._kept.words = redact(record.getMessage())
        return False

    def take(self) -> str:
        """The last one of this thread, once."""
        words = str(getattr(self._kept, "words", ""))
        self._kept.words = ""
        return words


_complaints = _Complaints()


def listen() -> None:
    """Keep what is complained about from now on."""
    # Adding the same filter twice has no effect.
    logging.getLogger().addFilter(_complaints)


def take_complaint() -> str:
    """What this thread's last calls complained about, redacted; empty if nothing. Only once."""
    return _complaints.take()
