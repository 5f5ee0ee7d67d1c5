"""Choosing a real Deployment in Setup, with its names out of a real API server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from console.dialogs.checklist import ClusterChecklist
from console.screens.live import LiveScreen
from console.screens.setup import SetupScreen
from console.settings import (
    ClusterChoices,
    Settings,
    SetupChoices,
    load_settings,
    settings_path,
)
from console.setup.candidates import CandidateList
from console.setup.cluster import ClusterForm
from console.setup.cluster_names import Level
from console.start import StartSetup
from core.runs.config import EnvironmentKind, InferenceConfig, RunConfig
from core.state import ControlMode
from tests.console.pilots import console, shown, typed, until
from tests.stack.users import USERS

if TYPE_CHECKING:
    from tests.stack.stack import Stack

SMALL = (80, 24)
pytestmark = pytest.mark.usefixtures("scenarios", "policies")


@asynccontextmanager
async def _setup(
    cluster: ClusterChoices | None = None, **choices: Any
) -> AsyncIterator[Pilot[None]]:
    settings = Settings(setup=SetupChoices(cluster=cluster or ClusterChoices(), **choices))
    start = StartSetup(cluster=True)
    async with console(start, settings=settings).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.focused, CandidateList), "the names")
        yield pilot


def screen(pilot: Pilot[None]) -> SetupScreen:
    assert isinstance(pilot.app.screen, SetupScreen)
    return pilot.app.screen


def form(pilot: Pilot[None]) -> ClusterForm:
    return pilot.app.screen.query_one(ClusterForm)


def sentence(pilot: Pilot[None]) -> str:
    return str(screen(pilot).query_one("#setup-sentence", Static).visual)


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kubeconfig with two contexts whose server nobody asks."""
    contexts = [
        {"name": "prod-eu", "context": {"cluster": "c", "user": "u", "namespace": "shop"}},
        {"name": "staging", "context": {"cluster": "c", "user": "u"}},
    ]
    content = {
        "contexts": contexts,
        "current-context": "staging",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}],
        "users": [{"name": "u", "user": {"token": "SECRET12"}}],
    }
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(file))
    return file


async def test_from_the_palette_to_a_shadow_run(
    stack: Stack, namespace: str, launched: list[RunConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.create_deployment(namespace, "web", 0)
    stack.create_deployment(namespace, "worker", 0)
    monkeypatch.setenv("KUBECONFIG", str(stack.kubeconfig()))
    async with _setup() as pilot:
        picker = form(pilot).picker
        await until(pilot, lambda: "proxied" in shown(pilot), "the contexts")
        assert picker.text(Level.CONTEXT) == "direct", "the current one"
        assert "SHADOW" in shown(pilot)
        await pilot.press("down")
        assert picker.text(Level.CONTEXT) == "proxied"
        await pilot.press("right")
        await until(pilot, lambda: "kube-system" in shown(pilot), "the namespaces")
        assert picker.text(Level.NAMESPACE) == "", "nothing is chosen for anybody"
        await pilot.press("slash")
        await pilot.pause()
        await typed(pilot, namespace)
        await pilot.press("tab")
        await until(pilot, lambda: "worker" in shown(pilot), "the Deployments")
        await typed(pilot, "we")
        await until(pilot, lambda: "worker" not in shown(pilot), "the filter")
        await pilot.press("tab", "down")
        assert picker.text(Level.DEPLOYMENT) == "web"
        target = f"proxied/{namespace}/web"
        await until(pilot, lambda: target in sentence(pilot), "the verdict")
        assert "SHADOW: nothing is written" in sentence(pilot)
        assert "model of flash-crowd" in sentence(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen), "the run")
    (config,) = launched
    assert isinstance(config, InferenceConfig)
    assert config.environment is EnvironmentKind.KUBERNETES
    assert config.kubernetes is not None
    assert config.kubernetes.deployment == "web"
    assert config.kubernetes.context == "proxied"
    assert (config.mode, config.write, config.scenario) == (
        ControlMode.SHADOW,
        False,
        "flash-crowd",
    )
    assert USERS["admin"].token not in config.model_dump_json()
    remembered = load_settings().settings.setup
    assert remembered.environment == "cluster"
    assert remembered.cluster.deployment == "web"
    assert remembered.mode == "AUTO", "that of the simulator"


async def test_names_that_may_not_be_listed_can_be_typed(
    stack: Stack, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(stack.kubeconfig("limited")))
    async with _setup(ClusterChoices(context="direct", namespace=namespace)) as pilot:
        words = ("cannot be listed", "403")
        await until(pilot, lambda: all(one in shown(pilot) for one in words), "the refusal")
        await pilot.press("slash")
        await pilot.pause()
        await typed(pilot, "web")
        await until(pilot, lambda: f"direct/{namespace}/web" in sentence(pilot), "the verdict")


async def test_the_checklist_of_a_cluster(
    stack: Stack, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.create_deployment(namespace, "web", 0)
    monkeypatch.setenv("KUBECONFIG", str(stack.kubeconfig()))
    chosen = ClusterChoices(
        context="direct",
        namespace=namespace,
        deployment="web",
        prometheus_url=stack.prometheus_url,
    )
    async with _setup(chosen, kind="policy") as pilot:
        await until(pilot, lambda: "Run ppo" in sentence(pilot), "the verdict")
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, ClusterChecklist), "the dialog")
        await until(pilot, lambda: "failed: see FAIL" in shown(pilot), "all checks")
        assert f"Check direct/{namespace}/web" in shown(pilot)
        assert "ok    API server" in shown(pilot)
        found = [str(row.visual) for row in pilot.app.screen.query(".check").results(Static)]
        assert any(row.startswith("FAIL  request metrics") for row in found)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen), "Setup")


async def test_what_is_wrong_is_said_beside_the_start(kubeconfig: Path) -> None:
    async with _setup() as pilot:
        await until(pilot, lambda: "prod-eu" in shown(pilot), "the contexts")
        assert "Cannot start: choose a Deployment" in sentence(pilot)
        await pilot.press("enter")
        await pilot.pause()
        focused = pilot.app.focused
        assert focused is form(pilot).picker.field(Level.DEPLOYMENT).input
        await typed(pilot, "Web")
        await until(pilot, lambda: "Cannot start: settings" in sentence(pilot), "the reason")
        assert "deployment" in sentence(pilot)


async def test_another_context_forgets_what_lies_in_the_first(kubeconfig: Path) -> None:
    chosen = ClusterChoices(context="prod-eu", namespace="shop", deployment="")
    async with _setup(chosen) as pilot:
        picker = form(pilot).picker
        await pilot.press("left", "left")
        await until(pilot, lambda: "staging" in shown(pilot), "the contexts")
        assert picker.text(Level.NAMESPACE) == "shop", "what was remembered stays"
        await pilot.press("down")
        assert picker.text(Level.CONTEXT) == "staging"
        assert picker.text(Level.NAMESPACE) == ""


async def test_a_name_is_picked_from_the_field_that_filters_them(kubeconfig: Path) -> None:
    async with _setup() as pilot:
        picker = form(pilot).picker
        await until(pilot, lambda: "prod-eu" in shown(pilot), "the contexts")
        await pilot.press("slash")
        await pilot.press(*["backspace"] * len("staging"), "e", "u", "down")
        await until(pilot, lambda: picker.text(Level.CONTEXT) == "prod-eu", "the name")
        assert "staging" not in shown(pilot), "the filter stays"
        await pilot.press("up")
        assert picker.text(Level.CONTEXT) == "prod-eu", "there is no other"


async def test_writing_is_never_remembered(kubeconfig: Path, launched: list[RunConfig]) -> None:
    chosen = ClusterChoices(context="prod-eu", namespace="shop", deployment="web")
    async with _setup(chosen) as pilot:
        pilot.app.screen.set_focus(pilot.app.screen.query_one("#writing"))
        await pilot.press("right")
        await until(pilot, lambda: "may scale once you confirm" in sentence(pilot), "the words")
        await pilot.press("enter")
        await until(pilot, lambda: len(launched) == 1)
    (config,) = launched
    assert isinstance(config, InferenceConfig)
    assert (config.mode, config.write, config.confirmation) == (ControlMode.SHADOW, True, "")
    remembered = settings_path().read_text(encoding="utf-8")
    assert '"environment": "cluster"' in remembered
    assert "writ" not in remembered


async def test_a_training_is_in_the_simulator_all_the_same(kubeconfig: Path) -> None:
    async with _setup() as pilot:
        screen(pilot).decider.choose_kind("training")
        await until(pilot, lambda: not form(pilot).display, "the simulator")
        assert "Train PPO" in sentence(pilot)
        screen(pilot).decider.choose_kind("policy")
        await until(pilot, lambda: form(pilot).display, "the cluster")
