"""A process that gives up its right to change anything, for good, children included."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from typing import Final

_CREATE_RULESET: Final = 444
_RESTRICT_SELF: Final = 446
_ASK_VERSION: Final = 1
_NO_NEW_PRIVILEGES: Final = 38
"""Numbers of Linux, the same on every architecture."""

_EXECUTE: Final = 1 << 0
_WRITE_FILE: Final = 1 << 1
_REMOVE_AND_MAKE: Final = sum(1 << bit for bit in range(4, 13))
_REFER: Final = 1 << 13
_TRUNCATE: Final = 1 << 14
_TCP: Final = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS: Final = 0b11


class _Ruleset(ctypes.Structure):
    """`struct landlock_ruleset_attr`: what is forbidden unless a rule allows it."""

    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


def confine() -> bool:
    """Give up writing, in this thread and in all that it starts; call it before the first other.

    What is open stays open: the terminal can still be drawn to. From here on no file can be opened
    for writing, made, removed or renamed, no program started, and, by a newer kernel, no TCP
    connection made and no other process signalled. No byte of any file can be written either,
    through whatever was opened before.

    Returns:
        Whether the kernel enforces all of it (Landlock, Linux 5.13 or newer); if not, only the
        bytes of files are safe.
    """
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.dont_write_bytecode = True
    return sys.platform == "linux" and _landlock()


def is_confined() -> bool:
    """Whether this process has given up writing."""
    return resource.getrlimit(resource.RLIMIT_FSIZE)[0] == 0


def _landlock() -> bool:
    system = ctypes.CDLL(None, use_errno=True)
    version = system.syscall(
        _CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION)
    )
    if version < 1:
        return False
    rules, size = _ruleset(version)
    descriptor = system.syscall(
        _CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    if descriptor < 0:
        return False
    try:
        if system.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            return False
        restricted = system.syscall(_RESTRICT_SELF, ctypes.c_int(descriptor), ctypes.c_uint32(0))
        return bool(restricted == 0)
    finally:
        os.close(descriptor)


def _ruleset(version: int) -> tuple[_Ruleset, int]:
    """All that a kernel of this version of Landlock can forbid of what we give up, and its size."""
    files = _EXECUTE | _WRITE_FILE | _REMOVE_AND_MAKE
    files |= _REFER if version >= 2 else 0
    files |= _TRUNCATE if version >= 3 else 0
    network = _TCP if version >= 4 else 0
    scoped = _ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0
    size = 8 * (3 if version >= 6 else 2 if version >= 4 else 1)
    return _Ruleset(files, network, scoped), size
