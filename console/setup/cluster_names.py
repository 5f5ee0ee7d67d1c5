"""Which contexts, namespaces and Deployments there are, asked for once each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from console.inquiries import Inquiry
from core.errors import RlscaleError


class Level(StrEnum):
    """What is chosen one after the other."""

    CONTEXT = "context"
    NAMESPACE = "namespace"
    DEPLOYMENT = "deployment"

    @property
    def plural(self) -> str:
        """Several of them."""
        return "Deployments" if self is Level.DEPLOYMENT else f"{self}s"


LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class Place:
    """Where names are looked for."""

    level: Level
    kubeconfig: str = ""
    """Path of a kubeconfig; empty for the usual one."""
    context: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """What was found in a place."""

    names: tuple[str, ...] = ()
    current: str = ""
    """The one that is used where none is given."""
    problem: str = ""
    """Why there are none; empty if they could be read."""


def place_of(level: Level, kubeconfig: str, context: str, namespace: str) -> Place:
    """Where names of a level are looked for: only in what lies above it."""
    if level is Level.CONTEXT:
        return Place(level, kubeconfig)
    if level is Level.NAMESPACE:
        return Place(level, kubeconfig, context)
    return Place(level, kubeconfig, context, namespace)


def read_contexts(place: Place) -> Names:
    """The contexts of a kubeconfig; reads files, so use a worker."""
    from pathlib import Path

    from core.cluster.kubernetes.kubeconfig import read_kubeconfig

    try:
        found = read_kubeconfig(Path(place.kubeconfig) if place.kubeconfig else None)
    except RlscaleError as error:
        return Names(problem=str(error))
    return Names(tuple(entry.name for entry in found.contexts), found.current)


def inquiry(place: Place) -> Inquiry:
    """The question for the names of a namespace or of Deployments."""
    access = {
        "kubeconfig": place.kubeconfig or None,
        "context": place.context or None,
        "namespace": place.namespace or None,
    }
    question = "namespaces" if place.level is Level.NAMESPACE else "deployments"
    return Inquiry({"question": question, "access": access})


def read_names(asked: Inquiry) -> Names | None:
    """The names that come as answer; waits for them, so use a worker.

    Returns:
        None if the question was cancelled.
    """
    for answer in asked.answers():
        if answer.get("names") is not None:
            return Names(tuple(answer["names"]))
        return Names(problem=str(answer.get("problem") or "no answer"))
    return None
