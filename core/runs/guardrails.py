"""Which guardrails stand between the decisions of a run and its cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.traffic.scenario import GuardrailSettings

if TYPE_CHECKING:
    from core.runs.reader import RunReader


def guardrails_of(reader: RunReader) -> GuardrailSettings:
    """Those of a run as they were when it began.

    A run on a cluster has its own, which need not be those of its twin; others have those of their
    scenario.
    """
    own = reader.meta("guardrails")
    if own is not None:
        return GuardrailSettings.model_validate(own)
    if reader.meta("scenario") is not None:
        return reader.scenario().guardrails
    return GuardrailSettings()
