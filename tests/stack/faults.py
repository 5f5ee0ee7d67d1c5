"""What a fault proxy can do to a request, and ready-made answers of the two servers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


@dataclass(frozen=True, slots=True)
class Delay:
    """Pass the request on after `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hang:
    """Take the request and say nothing until the fault is removed; then pass it on."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer instead of the server."""

    status: int
    body: str
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WatchGone:
    """Answer a watch with 200 and an ERROR event of code 410; other requests with status 410."""


@dataclass(frozen=True, slots=True)
class Skew:
    """Let the server's clock be `seconds` ahead: in `Date`, and in Prometheus' samples."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Pass the request on and change the JSON of the answer."""

    change: Callable[[Any], Any]


def lost_answer() -> Rewrite:
    """What is asked for is done, and its answer lost. If it is refused, that is answered."""

    def lose(answer: Any) -> Any:
        if answer["kind"] == "Status":
            return answer
        raise ConnectionResetError

    return Rewrite(lose)


Fault = Delay | Hang | Drop | Answer | WatchGone | Skew | Rewrite


def status_object(code: int, message: str) -> dict[str, Any]:
    """A Kubernetes Status."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": _REASONS.get(code, "Unknown"),
        "code": code,
    }


def api_status(code: int, message: str = "", retry_after_s: int | None = None) -> Answer:
    """The API server refuses with `code`; `retry_after_s` says when to come back."""
    body = status_object(code, message or f"injected {_REASONS.get(code, code)}")
    headers = {}
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
        body["details"] = {"retryAfterSeconds": retry_after_s}
    return Answer(code, json.dumps(body), headers=headers)


GONE_EVENT = {"type": "ERROR", "object": status_object(410, "too old resource version: 1 (2)")}
"""What a watch is told whose resource version has been compacted away."""


def prometheus_error(code: int, kind: str, message: str) -> Answer:
    """Prometheus refuses: 400 "bad_data", 422 "execution", 503 "timeout"."""
    return Answer(code, json.dumps({"status": "error", "errorType": kind, "error": message}))


def not_json() -> Answer:
    """A gateway's page where an answer of Prometheus is expected."""
    return Answer(200, "<html><body>502 Bad Gateway</body></html>", "text/html")


def _each_sample(change: Callable[[float, str], tuple[float, str]]) -> Callable[[Any], Any]:
    def rewritten(answer: Any) -> Any:
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict):
            return answer
        if data.get("resultType") == "scalar":
            data["result"] = list(change(*data["result"]))
            return answer
        for series in data.get("result", []):
            if "value" in series:
                series["value"] = list(change(*series["value"]))
            if "values" in series:
                series["values"] = [list(change(*sample)) for sample in series["values"]]
        return answer

    return rewritten


def not_a_number(value: str = "NaN") -> Rewrite:
    """Every sample is NaN (or "+Inf", "-Inf")."""
    return Rewrite(_each_sample(lambda at, _: (at, value)))


def no_samples() -> Rewrite:
    """Every result is empty."""

    def emptied(answer: Any) -> Any:
        answer["data"]["result"] = []
        return answer

    return Rewrite(emptied)


def two_series() -> Rewrite:
    """Every result has its first series twice, told apart by a label."""

    def doubled(answer: Any) -> Any:
        result = answer["data"]["result"]
        if result and isinstance(result[0], dict):
            again = {**result[0], "metric": {**result[0].get("metric", {}), "replica": "b"}}
            answer["data"]["result"] = [*result, again]
        return answer

    return Rewrite(doubled)


def shift_samples(seconds: float, times_as_values: bool) -> Callable[[Any], Any]:
    """Move the samples' times; their values too where the query asked for times."""

    def shifted(at: float, value: str) -> tuple[float, str]:
        return at + seconds, repr(float(value) + seconds) if times_as_values else value

    return _each_sample(shifted)
