"""Names out of a kubeconfig: contexts, the current one, their namespaces. Nothing secret.

Needs no client library, so that a console can ask at once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from core.cluster.kubernetes.settings import AccessSettings
from core.errors import InputError
from core.locations import typed_path

IN_CLUSTER = "in-cluster"
"""Stands for the context where a service account is used."""
DEFAULT_NAMESPACE = "default"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """One context of a kubeconfig."""

    name: str
    namespace: str
    """Where its user works by default."""


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """What can be chosen from."""

    contexts: tuple[ContextEntry, ...]
    current: str
    """Name of the current context; empty if none is set."""
    files: tuple[Path, ...]

    def context(self, name: str | None) -> ContextEntry:
        """The context of that name; None: the current one.

        Raises:
            InputError: There is none.
        """
        wanted = name or self.current
        for entry in self.contexts:
            if entry.name == wanted:
                return entry
        known = ", ".join(entry.name for entry in self.contexts)
        where = ", ".join(str(file) for file in self.files)
        if not self.contexts:
            raise InputError(
                f"expected a context in {where}, found none.",
                "Give another kubeconfig with --kubeconfig or KUBECONFIG.",
            )
        if not wanted:
            raise InputError(
                f"expected a current context in {where}, found none set.",
                f"Give one with --context: {known}.",
            )
        raise InputError(
            f"expected a context of {where}, found {wanted!r}.", f"There are: {known}."
        )


def kubeconfig_files(kubeconfig: Path | None) -> tuple[Path, ...]:
    """The files to read, in order: the one given, those in `KUBECONFIG`, or ~/.kube/config.

    Raises:
        InputError: None of them exists.
    """
    if kubeconfig is not None:
        named = [typed_path(kubeconfig)]
    elif variable := os.environ.get("KUBECONFIG"):
        named = [typed_path(text) for text in variable.split(os.pathsep) if text]
    else:
        named = [typed_path("~/.kube/config")]
    files = tuple(file for file in named if file.is_file())
    if not files:
        raise InputError(
            f"expected a kubeconfig at {os.pathsep.join(map(str, named))}, found no file.",
            "Name one as kubeconfig (flag, field or settings file), or in KUBECONFIG.",
        )
    return files


def read_kubeconfig(kubeconfig: Path | None = None) -> Kubeconfig:
    """Read the names in a kubeconfig; of several files the first to name something counts.

    Raises:
        InputError: There is none, or it cannot be read.
    """
    files = kubeconfig_files(kubeconfig)
    contexts: dict[str, ContextEntry] = {}
    current = ""
    for file in files:
        content = _load(file)
        current = current or str(content.get("current-context") or "")
        listed = content.get("contexts") or []
        if not isinstance(listed, list):
            raise InputError(f"{file}: expected a list of contexts, found something else.")
        for item in listed:
            if not isinstance(item, dict) or not isinstance(item.get("name"), str):
                raise InputError(f"{file}: expected contexts with a name, found one without.")
            context = item.get("context")
            context = context if isinstance(context, dict) else {}
            namespace = str(context.get("namespace") or DEFAULT_NAMESPACE)
            contexts.setdefault(item["name"], ContextEntry(item["name"], namespace))
    return Kubeconfig(tuple(contexts.values()), current, files)


def _load(file: Path) -> dict[str, Any]:
    # Neither the file's text nor the parser's excerpt of it may be shown: tokens stand in there.
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        raise InputError(f"{file}: expected a kubeconfig, found broken YAML{where}.") from None
    except (ValueError, RecursionError):
        raise InputError(f"{file}: expected a kubeconfig, found no readable YAML.") from None
    except OSError as error:
        raise InputError(
            f"{file}: expected a kubeconfig that can be read, found: {error.strerror or error}."
        ) from None
    if not isinstance(content, dict):
        raise InputError(f"{file}: expected a kubeconfig, found something else.")
    return content


Settings = TypeVar("Settings", bound=AccessSettings)


def pinned(settings: Settings) -> Settings:
    """`settings` with every default that depends on the surroundings written out.

    What was confirmed is then what an engine does, even if somebody switches the current context
    in between.

    Raises:
        InputError: The kubeconfig cannot be read or lacks the context.
    """
    if settings.in_cluster:
        return settings.model_copy(
            update={"namespace": settings.namespace or _service_account_namespace()}
        )
    known = read_kubeconfig(settings.kubeconfig)
    context = known.context(settings.context)
    single = known.files[0].resolve() if len(known.files) == 1 else settings.kubeconfig
    return settings.model_copy(
        update={
            "kubeconfig": single,
            "context": context.name,
            "namespace": settings.namespace or context.namespace,
        }
    )


def _service_account_namespace() -> str:
    file = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    try:
        return file.read_text(encoding="utf-8").strip() or DEFAULT_NAMESPACE
    except OSError:
        return DEFAULT_NAMESPACE
