"""Make .venv and install the project into it, with one line of progress.

Needs nothing but Python's standard library. pip's own output goes to .venv/install.log; what is
shown is which package it is at and how long it has taken.

    python3 tools/make_environment.py train report        what `make run` needs
    python3 tools/make_environment.py train report dev    what `make test` and `make check` need
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_VENV = _ROOT / ".venv"
_LOG = _VENV / "install.log"
_STAGES = (
    (re.compile(r"Obtaining (file)://"), "reading the project"),
    (re.compile(r"Collecting ([^\s(<>=!~;\[]+)"), "resolving {}"),
    (re.compile(r"Downloading (\S+ \([^)]+\))"), "downloading {}"),
    (re.compile(r"Building editable for (\S+)"), "building {}"),
    (re.compile(r"Installing collected packages: (.*)"), "installing packages"),
)


def _stage(line: str) -> str | None:
    """What pip does now, in a few words, if `line` tells."""
    for pattern, words in _STAGES:
        if match := pattern.search(line):
            return words.format(Path(match[1]).name)
    return None


def _show(text: str, *, live: bool) -> None:
    if live:
        sys.stderr.write(f"\r\x1b[K{text[:78]}")
        sys.stderr.flush()


class _Progress:
    """One line with the stage and a clock, which goes on while pip says nothing for minutes."""

    def __init__(self, *, live: bool) -> None:
        self.stage = "starting pip"
        self._live = live
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started

    def __enter__(self) -> _Progress:
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._clock.join()
        _show("", live=self._live)

    def _tick(self) -> None:
        while not self._ended.wait(0.5):
            _show(f"Installing, {self.seconds:3.0f} s: {self.stage}", live=self._live)


def _create() -> None:
    if (_VENV / "bin" / "python").exists():
        return
    print(f"Making .venv with Python {sys.version.split()[0]}", file=sys.stderr)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(_VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        raise SystemExit(
            "error: could not make .venv. Expected Python's venv module to work; on Debian or "
            f"Ubuntu install python3-venv.\n{(made.stdout + made.stderr).strip()}"
        )


def _install(extras: list[str]) -> None:
    command = [str(_VENV / "bin" / "python"), "-m", "pip", "install", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "--constraint", str(_ROOT / "constraints.txt")]
    command += ["--editable", f"{_ROOT}[{','.join(extras)}]"]
    live = sys.stderr.isatty()
    if not live:
        print("Installing dependencies into .venv (a few minutes)", file=sys.stderr)
    with (
        _Progress(live=live) as progress,
        _LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as pip,
    ):
        assert pip.stdout is not None
        for line in pip.stdout:
            log.write(line)
            if stage := _stage(line):
                progress.stage = stage
    if pip.returncode != 0:
        tail = _LOG.read_text(encoding="utf-8").splitlines()[-15:]
        raise SystemExit(
            "\n".join([*tail, f"error: pip failed; its whole output is in {_LOG}. Mend, try again"])
        )
    print(f"Installed in {progress.seconds:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    _create()
    _install(sys.argv[1:])
