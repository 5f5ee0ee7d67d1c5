"""The Dockerfile, as far as it can be judged without building it."""

from __future__ import annotations

import fnmatch
import importlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from core import __version__
from tests.deploy.manifests import container, find, render

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def instructions() -> list[tuple[str, str]]:
    """Each instruction and the rest of it, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    split = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [(name, " ".join(rest.split())) for name, rest in split]


def of(name: str) -> list[str]:
    return [rest for found, rest in instructions() if found == name]


def sent(path: str) -> bool:
    """Whether .dockerignore lets a file through; the last rule that fits counts."""
    answer = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        rule = line.removeprefix("!")
        if not line or line.startswith("#"):
            continue
        parents = [path, *(str(parent) for parent in Path(path).parents)]
        loose = rule.removeprefix("**/")
        fits = any(fnmatch.fnmatch(Path(p).name if loose != rule else p, loose) for p in parents)
        if fits:
            answer = line.startswith("!")
    return answer


def test_what_is_copied_is_there_and_sent() -> None:
    sources = [
        source
        for rest in of("COPY")
        if not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert {"core", "console", "scenarios"} <= set(sources)
    assert all((ROOT / source).exists() and sent(source) for source in sources)
    # All that the build backend reads.
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    files = [PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]]
    assert set(packages) | set(files) | {"pyproject.toml", "constraints.txt"} == set(sources)


@pytest.mark.parametrize(
    "path", [".git/config", ".venv/bin/python", "tests/conftest.py", "core/__pycache__/x.pyc"]
)
def test_what_has_no_business_in_it_stays_out(path: str) -> None:
    assert not sent(path)
    assert sent("core/agents/pretrained/ppo/policy.safetensors")


def test_the_entry_point_resolves() -> None:
    assert of("ENTRYPOINT") == ['["rlscale-console"]']
    module, _, name = PROJECT["project"]["scripts"]["rlscale-console"].partition(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_the_base_is_one_python_that_is_supported() -> None:
    bases = {rest.split(" AS ")[0] for rest in of("FROM")}
    assert len(bases) == 1, "an environment works only with the Python that made it"
    version = bases.pop().removeprefix("python:").split("-")[0]
    assert f"Programming Language :: Python :: {version}" in PROJECT["project"]["classifiers"]


def test_it_installs_pinned_versions_without_extras() -> None:
    (install,) = [rest for rest in of("RUN") if "install" in rest and "pip --python" in rest]
    assert "--constraint constraints.txt" in install
    assert "--no-cache-dir" in install
    assert install.endswith(" .")
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower()
    for requirement in PROJECT["project"]["dependencies"]:
        assert f"\n{requirement.split('>=')[0].lower()}==" in pinned


def test_it_runs_as_the_user_of_the_manifests(tmp_path: Path) -> None:
    user, _, group = of("USER")[-1].partition(":")
    items = render("shadow", tmp_path)
    security = find(items, "Deployment")["spec"]["template"]["spec"]["securityContext"]
    assert (int(user), int(group)) == (security["runAsUser"], security["runAsGroup"])
    assert container(items)["image"] == f"rlscale-console:{__version__}"
    # Nothing is run as root after the switch, and nothing is fetched by URL.
    names = [name for name, _ in instructions()]
    assert "RUN" not in names[names.index("USER") :]
    assert "ADD" not in names
