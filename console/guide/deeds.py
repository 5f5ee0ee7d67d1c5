"""What the steps do: jobs in a process of their own, and runs in engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from console.guide.state import GuideState, Result, Step, guide_directory
from console.inquiries import Inquiry
from console.settings import ClusterChoices

_JOB = "core.twin.job"
_LONGEST_JOB_S = 3600.0


def cluster_settings(choices: ClusterChoices) -> tuple[dict[str, Any], str]:
    """Settings for recording, ready for JSON, and the Deployment's full name; reads files.

    Raises:
        InputError: Something is missing or contradicts something else.
    """
    from core.cluster.kubernetes.kubeconfig import IN_CLUSTER, pinned
    from core.cluster.kubernetes.settings_file import load_settings
    from core.cluster.kubernetes.target import Target
    from core.errors import InputError
    from core.locations import typed_path

    given = choices.model_dump(exclude={"prometheus_url", "config"}, exclude_none=True)
    flags = {name: value for name, value in given.items() if value != ""}
    if choices.prometheus_url:
        flags["metrics"] = {"prometheus_url": choices.prometheus_url}
    settings = pinned(load_settings(typed_path(choices.config) if choices.config else None, flags))
    if settings.metrics.prometheus_url is None:
        raise InputError("expected the address of Prometheus, found none.")
    namespace = settings.namespace or "default"
    target = Target(settings.context or IN_CLUSTER, namespace, settings.deployment)
    return settings.model_dump(mode="json"), str(target)


def twin_file(settings: dict[str, Any]) -> Path:
    """Where the twin of a Deployment goes."""
    from core.traffic.library import scenario_name

    return guide_directory() / f"{scenario_name(settings['deployment'])}.yaml"


class Job:
    """A step in a process of its own; `answers` is for a worker, `cancel` for anyone.

    Args:
        step: RECORD, FIT or REPORT.
        state: What the steps before have made.
    """

    def __init__(self, step: Step, state: GuideState) -> None:
        self.step = step
        request: dict[str, Any] = {"task": step.name.lower()}
        if step is Step.REPORT:
            run = Path(state.shadow)
            request |= {"run": state.shadow, "scenario": state.scenario}
            request["markdown"] = str(guide_directory() / f"{run.name}.md")
        else:
            request |= {
                "settings": state.settings,
                "scenario": str(twin_file(state.settings)),
                "range_s": state.range_s,
            }
        if step is Step.FIT:
            request["recording"] = state.recording
        self.request = request
        self._inquiry = Inquiry(request, _JOB, _LONGEST_JOB_S)

    def answers(self) -> Iterator[dict[str, Any]]:
        """Progress, then a result or a problem."""
        yield from self._inquiry.answers()

    def cancel(self) -> None:
        """End it; nothing half-done is kept."""
        self._inquiry.cancel()

    def conclude(self, state: GuideState, content: dict[str, Any]) -> GuideState:
        """The state with what it brought."""
        notes = tuple(content.get("notes", ()))
        if self.step is Step.RECORD:
            result = Result(lines=tuple(content["lines"]), notes=notes)
            made = {"scenario": content["scenario"], "recording": content["recording"]}
            return state.with_result(self.step, result, **made)
        if self.step is Step.FIT:
            rows = (("held-out stretch", "error", "R²", "steps"), *map(tuple, content["quality"]))
            result = Result(lines=tuple(content["lines"]), rows=rows, notes=notes)
            return state.with_result(self.step, result)
        rows = (("", "happened", "advised"), *map(tuple, content["figures"]))
        lines = (content["headline"], content["about"])
        return state.with_result(
            self.step,
            Result(lines=lines, rows=rows, notes=notes),
            markdown=self.request["markdown"],
        )


def training_config(state: GuideState) -> Any:
    """A training of PPO on the twin."""
    from core.agents.config import Algorithm, TrainingConfig
    from core.locations import trained_policies_directory

    name = Path(state.scenario).stem
    bundle = trained_policies_directory() / f"{name}-twin"
    number = 2
    while bundle.exists():
        bundle = trained_policies_directory() / f"{name}-twin-{number}"
        number += 1
    return TrainingConfig.model_validate(
        {"algo": Algorithm.PPO, "scenarios": (state.scenario,), "steps": None, "out": bundle}
    )


def shadow_config(state: GuideState) -> Any:
    """The trained policy beside whatever scales the Deployment; nothing can be written."""
    from core.runs.config import EnvironmentKind, InferenceConfig

    return InferenceConfig.model_validate(
        {
            "policy": state.bundle,
            "scenario": state.scenario,
            "environment": EnvironmentKind.KUBERNETES,
            "kubernetes": state.settings,
        }
    )
