from __future__ import annotations

from console.cli.figures import figure, readable


def test_names_say_how_figures_are_rounded() -> None:
    assert figure("requests", 1_617_304.0) == "1,617,304"
    assert figure("churn", 164.0) == "164"
    assert figure("slo_violation_ratio", 0.0063422) == "0.634 %"
    assert figure("latency_p95_ms", 127.08) == "127 ms"
    assert figure("score", 1.64561) == "1.646"
    assert figure("latency_p95_ms", None) == "-"


def test_what_is_known_is_told_in_words() -> None:
    content = {
        "run": "mine",
        "message": "",
        "parent": None,
        "seed": 12345,
        "steps": 12345,
        "time_s": 3600.0,
        "error_ratio": None,
        "latency_p50_ms": "a word of others",
    }
    assert readable(content) == {
        "run": "mine",
        "seed": "12345",
        "steps": "12,345",
        "simulated time": "01:00:00",
        "errors": "-",
        "latency p50": "a word of others",
    }
