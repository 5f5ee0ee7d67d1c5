"""`python -m console.cli`: the same as the command `rlscale-console`."""

from __future__ import annotations

from console.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
