"""What the README says about the command line and about files is true."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from console.cli.entry import build_parser

_ROOT = Path(__file__).parents[3]
_README = (_ROOT / "README.md").read_text(encoding="utf-8")
_FENCED = "".join(re.findall(r"^```\n(.*?)^```", _README, flags=re.MULTILINE | re.DOTALL))
_EXAMPLES = re.findall(r"^rlscale-console (.*?)(?:\s+#.*)?$", _FENCED, flags=re.MULTILINE)
_TABLE = re.findall(r"^\| (`[^|]*(?:\\\|[^|]*)*) \| ", _README, flags=re.MULTILINE)


def test_there_is_something_to_check() -> None:
    assert len(_EXAMPLES) >= 4
    assert len(_TABLE) >= 10


@pytest.mark.parametrize("line", _EXAMPLES)
def test_an_example_is_understood(line: str) -> None:
    arguments, unknown = build_parser().parse_known_args(shlex.split(line))
    assert unknown == []
    assert callable(arguments.execute)


def test_the_table_names_every_command_and_none_else() -> None:
    parser = build_parser()
    [commands] = [action.choices for action in parser._actions if action.dest == "==SUPPRESS=="]
    assert isinstance(commands, dict)
    named = set(re.findall(r"`(?:rlscale-console )?([a-z]+)", " ".join(_TABLE)))
    assert set(commands) <= named | {"rlscale"}


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", _README))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (_ROOT / link).exists()


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)", _FENCED, flags=re.MULTILINE))
def test_a_make_target_exists(target: str) -> None:
    makefile = (_ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
