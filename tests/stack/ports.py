"""Free ports on loopback."""

from __future__ import annotations

import random
import socket

# Below the range that outgoing connections take theirs from, so that a server which is stopped
# and started again finds its port still free.
_FIRST, _LAST = 21_000, 31_900
_taken: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on now and that this process has not given away before."""
    dice = random.SystemRandom()
    for _ in range(200):
        port = dice.randint(_FIRST, _LAST)
        if port in _taken:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _taken.add(port)
        return port
    raise RuntimeError(f"found no free port between {_FIRST} and {_LAST}")
