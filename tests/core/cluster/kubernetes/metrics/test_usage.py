from __future__ import annotations

from typing import Any

import pytest

from core.cluster.kubernetes.metrics.resource_metrics import usage_of


def _sample(moment: str, **usage: tuple[str, str]) -> dict[str, Any]:
    return {
        "timestamp": moment,
        "containers": [
            {"name": name, "usage": {"cpu": cpu, "memory": memory}}
            for name, (cpu, memory) in usage.items()
        ],
    }


def _container(name: str, **requests: str) -> dict[str, Any]:
    return {"name": name, "resources": {"requests": requests}}


_PODS = [
    _sample("2026-03-01T12:00:00Z", app=("250m", "64Mi"), proxy=("900m", "1Gi")),
    _sample("2026-03-01T12:00:05Z", app=("350000000n", "65536Ki"), proxy=("0", "0")),
]


def test_used_of_requested_over_all_pods() -> None:
    found = usage_of(_PODS, [_container("app", cpu="500m", memory="128Mi")], None)
    assert found.cpu == pytest.approx(0.6)
    assert found.memory == pytest.approx(0.5)
    assert found.taken_at_s == 1772366405.0


def test_one_container_of_several() -> None:
    containers = [_container("app", cpu="1", memory="64Mi"), _container("proxy", cpu="1")]
    assert usage_of(_PODS, containers, "app").cpu == pytest.approx(0.3)
    assert usage_of(_PODS, containers, "proxy").cpu == pytest.approx(0.45)
    assert usage_of(_PODS, containers, None).cpu == pytest.approx(0.375)


def test_without_a_request_of_every_container_there_is_no_share() -> None:
    containers = [_container("app", cpu="1", memory="64Mi"), _container("proxy", cpu="1")]
    assert usage_of(_PODS, containers, None).memory is None
    assert usage_of(_PODS, [{"name": "app"}], None).cpu is None
    assert usage_of(_PODS, containers, "other").cpu is None


def test_without_samples_nothing_is_known() -> None:
    found = usage_of([], [_container("app", cpu="1", memory="1Gi")], None)
    assert (found.cpu, found.memory, found.taken_at_s) == (None, None, None)
