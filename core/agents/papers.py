"""The papers of a policy: what its bundle says about where it comes from."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from core.agents.config import Algorithm, InferenceRule
from core.agents.manifest import Manifest, NetworkLayout, ObservationSpec
from core.agents.settings import AgentSettings
from core.envs.actions import action_set
from core.envs.observation import FEATURE_NAMES, OBSERVATION_VERSION, observation_hash
from core.errors import BundleError
from core.summary import Summary
from core.traffic.scenario import RewardWeights

_LIBRARIES: Final = ("torch", "stable-baselines3", "numpy", "gymnasium")
_NO_DIGEST: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a policy comes from and what it is for; stored in its bundle."""

    action_set: str = "headroom"
    inference: InferenceRule = InferenceRule.MEAN_TARGET
    scenarios: tuple[str, ...] = ()
    seed: int = 0
    reward_weights: Mapping[str, float] = field(
        default_factory=lambda: RewardWeights().model_dump()
    )


def make_manifest(
    algorithm: Algorithm,
    layout: NetworkLayout,
    settings: AgentSettings,
    provenance: Provenance,
    timesteps: int,
    evaluation: Summary | None = None,
) -> Manifest:
    """The manifest of a policy that was trained now, with these libraries.

    Args:
        algorithm: What trained it.
        layout: Shape of its network.
        settings: What the algorithm was tuned by.
        provenance: What it is for.
        timesteps: Environment steps of training.
        evaluation: Its figures on validation traffic, if known.

    Returns:
        A manifest whose digests are filled in when it is saved.
    """
    return Manifest(
        algorithm=algorithm,
        network=layout,
        observation=ObservationSpec(
            version=OBSERVATION_VERSION, hash=observation_hash(), features=FEATURE_NAMES
        ),
        action_set=provenance.action_set,
        action_labels=action_set(provenance.action_set).labels,
        inference=provenance.inference,
        temperature=settings.temperature,
        reward_scale=settings.reward_scale,
        reward_weights=dict(provenance.reward_weights),
        hyper_parameters=dict(settings.as_record()),
        scenarios=provenance.scenarios,
        seed=provenance.seed,
        timesteps=timesteps,
        libraries=dict(_library_versions()),
        evaluation={} if evaluation is None else evaluation.as_dict(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        weights_sha256=_NO_DIGEST,
    )


@functools.cache
def _library_versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in _LIBRARIES}


def provenance_of(manifest: Manifest) -> Provenance:
    """Where the policy of a bundle comes from."""
    return Provenance(
        action_set=manifest.action_set,
        inference=manifest.inference,
        scenarios=manifest.scenarios,
        seed=manifest.seed,
        reward_weights=manifest.reward_weights,
    )


def settings_of(manifest: Manifest, kind: type[AgentSettings], source: str) -> AgentSettings:
    """The settings of the algorithm that trained the policy of a bundle.

    Raises:
        BundleError: They are not those of this algorithm.
    """
    try:
        return TypeAdapter(kind).validate_python(manifest.hyper_parameters)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BundleError(
            f"expected a valid hyper-parameter {place!r} in {source}, found: {first['msg']}.",
            "Train the policy again with this version.",
        ) from None
