"""Asks a cluster something in a process of its own: `python -m core.cluster.kubernetes.inquiry`.

The client library is large, a kubeconfig may run any program to get credentials, and either may
take its time: none of it belongs into a process that draws. One request in JSON on stdin, answers
as lines of JSON on stdout.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import IO, Any

from pydantic import BaseModel, ConfigDict

from core.cluster.kubernetes.settings import AccessSettings, KubernetesSettings
from core.errors import InputError, RlscaleError


class Question(StrEnum):
    """What can be asked."""

    NAMESPACES = "namespaces"
    """Names of all namespaces."""
    DEPLOYMENTS = "deployments"
    """Names of the Deployments of the settings' namespace."""
    EXAMINATION = "examination"
    """What doctor finds."""


class Request(BaseModel):
    """One question, and where to ask it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Question
    access: AccessSettings | None = None
    """For lists of names."""
    settings: KubernetesSettings | None = None
    """For an examination."""
    scenario: str = ""
    """For an examination: where the rest of the service model comes from; empty: nowhere."""
    write: bool = False
    """For an examination: whether the rights to scale are required."""


class Answer(BaseModel):
    """One line: names, one check, or why there is nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[str, ...] | None = None
    check: dict[str, Any] | None = None
    """The fields of a `Check`."""
    problem: str = ""
    hint: str = ""


def answers(request: Request) -> Iterator[Answer]:
    """Ask, and pass on what comes as it comes."""
    try:
        if request.question is Question.EXAMINATION:
            yield from _checks(request)
        else:
            yield Answer(names=_names(request))
    except RlscaleError as error:
        yield Answer(problem=error.message, hint=error.hint)


def _names(request: Request) -> tuple[str, ...]:
    from core.cluster.kubernetes.connection import (
        Connection,
        list_deployments,
        list_namespaces,
    )

    if request.access is None:
        raise InputError("expected settings of the access, found none.")
    connection = Connection.open(request.access)
    try:
        if request.question is Question.NAMESPACES:
            return list_namespaces(connection)
        return list_deployments(connection, connection.namespace)
    finally:
        connection.close()


def _checks(request: Request) -> Iterator[Answer]:
    from dataclasses import asdict

    from core.clock import SystemClock
    from core.cluster.kubernetes.doctor import examine_cluster
    from core.cluster.kubernetes.facts import resolve_facts
    from core.state import DeploymentFacts
    from core.traffic.library import load_scenario

    if request.settings is None:
        raise InputError("expected settings of the cluster, found none.")
    facts: DeploymentFacts | InputError
    try:
        scenario = load_scenario(request.scenario) if request.scenario else None
        facts = resolve_facts(request.settings, scenario)
    except InputError as error:
        facts = error
    for check in examine_cluster(request.settings, facts, SystemClock(), write=request.write):
        yield Answer(check=asdict(check))


def main(source: IO[str], sink: IO[str]) -> int:
    """Read one request and write its answers, each as soon as it is there."""
    request = Request.model_validate(json.load(source))
    for answer in answers(request):
        sink.write(answer.model_dump_json() + "\n")
        sink.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin, sys.stdout))
