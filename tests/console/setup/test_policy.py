"""Choosing a policy in Setup, with settings of its own where it has any."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.settings import Settings, SetupChoices
from console.start import StartSetup
from core.agents.registry import PolicyEntry, PolicyOrigin
from core.runs.config import InferenceConfig, RunConfig
from tests.console.pilots import console, settled, shown, until
from tests.console.setup.conftest import POLICIES, setup

SMALL = (80, 24)
pytestmark = pytest.mark.usefixtures("scenarios", "policies")


async def test_a_policy_that_cannot_be_used_cannot_be_started(launched: list[RunConfig]) -> None:
    settings = Settings(setup=SetupChoices(policy="bad"))
    async with console(StartSetup(), settings=settings).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert "cannot be used: weights are missing" in shown(pilot)
    assert launched == []


async def test_parameters_of_baselines_have_a_field(launched: list[RunConfig]) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        setup(pilot).decider.policy_form.choose("hpa:0.6")
        await pilot.press("3")
        await pilot.pause()
        assert "target CPU" in shown(pilot)
        await pilot.press("tab", "end", "backspace", "5", "enter")
        await until(pilot, lambda: len(launched) == 1)
    (config,) = launched
    assert isinstance(config, InferenceConfig)
    assert config.policy == "hpa:0.5"


async def test_baselines_take_settings_of_their_own(launched: list[RunConfig]) -> None:
    rule, keda = (PolicyEntry(name, PolicyOrigin.BASELINE, "words") for name in ("rule", "keda"))
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        form = setup(pilot).decider.policy_form
        form.offer([*POLICIES, rule, keda])
        form.choose("rule:60:0.8")
        await pilot.press("3")
        await pilot.pause()
        assert "60:0.8" in shown(pilot)
        assert form.policy == "rule:60:0.8"
        form.choose("keda")
        await pilot.pause()
        assert "rps per pod, such as 40" in shown(pilot)
        assert form.policy == "keda"
        await pilot.press("tab", *"x")
        await until(pilot, lambda: form.problem is not None)
        assert "! rps per pod" in shown(pilot)
        await pilot.press("backspace", *"25")
        await until(pilot, lambda: form.problem is None)
        await pilot.press("enter")
        await until(pilot, lambda: len(launched) == 1)
    (config,) = launched
    assert isinstance(config, InferenceConfig)
    assert config.policy == "keda:25"


async def test_an_hpa_manifest_is_remembered_and_started(
    tmp_path: Path, launched: list[RunConfig]
) -> None:
    manifest = tmp_path / "hpa.yaml"
    manifest.touch()
    settings = Settings(setup=SetupChoices(policy=f"hpa:{manifest}"))
    async with console(StartSetup(), settings=settings).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: len(launched) == 1)
    (config,) = launched
    assert isinstance(config, InferenceConfig)
    assert config.policy == f"hpa:{manifest}"
