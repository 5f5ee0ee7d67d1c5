from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import core.bench.request as request_module
from core.bench.request import BenchRequest, make_request
from core.errors import InputError
from core.locations import shipped_policies_directory
from core.traffic.library import list_scenarios
from tests.core.bench.factory import small_request, write_trace


def request(
    *policies: str, scenarios: tuple[str, ...] = ("bursty",), seeds: int = 2
) -> BenchRequest:
    return make_request(policies or ("hpa",), scenarios, [], peak_rps=None, seeds=seeds)


def test_suites_stand_for_their_members() -> None:
    held_out = request(scenarios=("heldout",)).workloads
    assert [one.name for one in held_out] == [f"heldout-{number:02d}" for number in range(1, 17)]
    assert held_out[2].load().name == "heldout-03"
    assert len(request(scenarios=("training",)).workloads) == 128
    shipped = {one.name for one in request(scenarios=("shipped",)).workloads}
    assert shipped == {entry.name for entry in list_scenarios()}


def test_names_suites_and_traces_mix_and_count_once(tmp_path: Path) -> None:
    trace = write_trace(tmp_path / "My Trace.csv")
    made = make_request(
        ("hpa", "hpa"),
        ("bursty", "heldout", "bursty", str(trace)),
        [str(trace), str(trace)],
        peak_rps=300.0,
        seeds=3,
    )
    names = [one.name for one in made.workloads]
    assert made.policies == ("hpa",)
    assert names == [
        "bursty",
        *(f"heldout-{n:02d}" for n in range(1, 17)),
        "my-trace",
        "my-trace-2",
    ]
    assert [one.peak_rps for one in made.workloads[-2:]] == [None, 300.0]
    assert made.workloads[-1].load().name == "my-trace-2"


@pytest.mark.parametrize(
    ("policy", "scenario", "words"),
    [("hppa", "bursty", "hppa"), ("hpa", "burst", "bursty"), ("hpa", "heldout-99", "01 to 16")],
)
def test_what_does_not_exist_is_refused(policy: str, scenario: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        request(policy, scenarios=(scenario,))


def test_the_identity_changes_with_all_that_figures_depend_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = shutil.copytree(shipped_policies_directory() / "ppo", tmp_path / "mine")
    asked = small_request(tmp_path, str(bundle), "hpa")
    first = asked.identity()
    assert asked.identity() == first
    assert BenchRequest.model_validate_json(asked.model_dump_json()).identity() == first
    seen = {first, small_request(tmp_path, str(bundle)).identity()}
    # A report shows policies in the order of the request.
    seen.add(small_request(tmp_path, "hpa", str(bundle)).identity())
    seen.add(small_request(tmp_path, str(bundle), "hpa", seeds=3).identity())
    (bundle / "policy.json").write_text((bundle / "policy.json").read_text() + " ")
    seen.add(asked.identity())
    trace = tmp_path / "short.csv"
    trace.write_text(trace.read_text() + "240,10\n")
    seen.add(asked.identity())
    monkeypatch.setattr(request_module, "code_fingerprint", lambda: "other code")
    seen.add(asked.identity())
    assert len(seen) == 7
