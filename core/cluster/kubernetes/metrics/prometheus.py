"""Asks a Prometheus server one query at a time, and says in our words what went wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from prometheus_api_client.exceptions import PrometheusApiClientException
from prometheus_api_client.prometheus_connect import PrometheusConnect
from urllib3.util.retry import Retry

from core.clock import Clock
from core.cluster.kubernetes.metrics.authentication import authentication
from core.cluster.kubernetes.redaction import redact
from core.cluster.kubernetes.settings import MetricsSettings
from core.errors import ClusterError, ClusterProblem, InputError

_CONNECT_S = 3.0
_STATUS = re.compile(r"HTTP Status Code (\d{3}) \((.*)\)$", re.DOTALL)
_PROBLEMS = {
    400: ClusterProblem.INVALID,
    401: ClusterProblem.UNAUTHORIZED,
    403: ClusterProblem.FORBIDDEN,
    404: ClusterProblem.NOT_FOUND,
    422: ClusterProblem.INVALID,
    429: ClusterProblem.THROTTLED,
}
_HINTS = {
    ClusterProblem.UNREACHABLE: "Check prometheus_url, or forward its port.",
    ClusterProblem.TIMEOUT: "It is overloaded, or the query is too expensive.",
    ClusterProblem.UNAUTHORIZED: "Check the bearer token or the user and password.",
    ClusterProblem.FORBIDDEN: "Its account may not query.",
    ClusterProblem.NOT_FOUND: "Check the path in prometheus_url.",
    ClusterProblem.INVALID: "Check the query.",
    ClusterProblem.SERVER: "Is that a Prometheus, and no login page in front of it?",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer to one query."""

    value: float | None
    """None: no series, or NaN or infinite."""
    server_time_s: float | None
    """When the server evaluated it, by its clock; None if there was no series."""
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RangeReading:
    """One series of the answer to a range query."""

    moments_s: tuple[float, ...]
    """Seconds since the epoch; moments without a finite value are left out."""
    values: tuple[float, ...]
    labels: Mapping[str, str]


class Budget:
    """The time that a round of queries may take together.

    Args:
        clock: Passes the time.
        limit_s: From now on.
    """

    def __init__(self, clock: Clock, limit_s: float) -> None:
        self._clock = clock
        self._limit_s = limit_s
        self._ends_at = clock.monotonic() + limit_s

    def left_s(self) -> float:
        """Seconds left for the next query.

        Raises:
            ClusterError: There are none.
        """
        left_s = self._ends_at - self._clock.monotonic()
        if left_s <= 0:
            raise ClusterError(
                f"Prometheus took longer than {self._limit_s:g} s for all queries.",
                _HINTS[ClusterProblem.TIMEOUT],
                problem=ClusterProblem.TIMEOUT,
            )
        return left_s


class Prometheus:
    """A connection to a Prometheus server, or to what speaks its API.

    Args:
        settings: Address and credentials; `prometheus_url` must be set.

    Raises:
        InputError: A file or variable with a secret is not there.
    """

    def __init__(self, settings: MetricsSettings) -> None:
        if settings.prometheus_url is None:
            raise InputError("expected prometheus_url, found none.")
        self._url = settings.prometheus_url
        self._auth = authentication(settings)
        session = requests.Session()
        session.headers["User-Agent"] = "rlscale-console"
        if settings.ca_file is not None:
            if not settings.ca_file.is_file():
                raise InputError(
                    f"expected certificate authorities in ca_file {settings.ca_file}, "
                    "found no file."
                )
            session.verify = str(settings.ca_file)
        self._session = session
        self._client = PrometheusConnect(
            url=self._url,
            auth=self._auth,  # type: ignore[arg-type]
            session=session,
            # One more attempt where the connection broke, as an idle one may have; a server that
            # answers with an error or not at all is asked again at the next interval.
            retry=Retry(total=1, read=0, status=0, backoff_factor=0.1, redirect=3),
        )

    @property
    def url(self) -> str:
        """Its base URL."""
        return self._url

    def is_ready(self, timeout_s: float) -> bool:
        """Whether it says that it is ready; a server without such an endpoint has to answer.

        `check_prometheus_connection` of the client library asks for the web pages instead, which
        a server may well not have.

        Raises:
            ClusterError: It cannot be reached, or lets nobody in.
        """
        with _Translation("ask Prometheus whether it is ready", self._url, self._secrets()):
            response = self._session.get(
                f"{self._url}/-/ready",
                auth=self._auth,
                timeout=(min(_CONNECT_S, timeout_s), timeout_s),
            )
            if response.status_code in (404, 405):
                # Not every server that speaks the API has it, or lets it through its proxy.
                return self.single("ready", "vector(1)", timeout_s).value == 1.0
            if response.status_code == 503:
                return False
            if response.status_code != 200:
                raise _StatusError(response.status_code, "")
            return True

    def query(
        self, name: str, promql: str, timeout_s: float, at_s: float | None = None
    ) -> list[Reading]:
        """All series that a query gives now.

        Args:
            name: Of the query, for errors.
            promql: The query.
            timeout_s: How long it may take.
            at_s: Evaluate it at this moment instead, seconds since the epoch.

        Raises:
            ClusterError: It failed.
        """
        timeout_s = max(timeout_s, 0.001)
        with _Translation(f"query {name}", self._url, self._secrets()):
            result: Any = self._client.custom_query(
                promql,
                params=_limit(timeout_s) | ({} if at_s is None else {"time": f"{at_s:.3f}"}),
                timeout=(min(_CONNECT_S, timeout_s), timeout_s),  # type: ignore[arg-type]
            )
            return _readings(result)

    def query_range(
        self, name: str, promql: str, first_s: int, last_s: int, step_s: int, timeout_s: float
    ) -> list[RangeReading]:
        """All series that a query gives at each step from a moment to another, both included.

        Args:
            name: Of the query, for errors.
            promql: The query.
            first_s: Seconds since the epoch.
            last_s: Likewise; servers refuse more than 11,000 steps.
            step_s: Between two values.
            timeout_s: How long it may take.

        Raises:
            ClusterError: It failed.
        """
        with _Translation(f"query the history of {name}", self._url, self._secrets()):
            result: Any = self._client.custom_query_range(
                promql,
                datetime.fromtimestamp(first_s, UTC),
                datetime.fromtimestamp(last_s, UTC),
                str(step_s),
                params=_limit(timeout_s),
                timeout=(min(_CONNECT_S, timeout_s), timeout_s),  # type: ignore[arg-type]
            )
            return [_range_reading(item) for item in result]

    def single(self, name: str, promql: str, timeout_s: float) -> Reading:
        """The one series that a query gives, or a reading without value if it gives none.

        Raises:
            ClusterError: It failed, or gave several series.
        """
        readings = self.query(name, promql, timeout_s)
        if not readings:
            return Reading(None, None, {})
        if len(readings) > 1:
            labels = sorted({name for reading in readings for name in reading.labels})
            raise ClusterError(
                f"query {name} gave {len(readings)} series where one is expected"
                f" (they differ in {', '.join(labels) or 'nothing'}).",
                "Put sum(...) around it.",
                problem=ClusterProblem.INVALID,
            )
        return readings[0]

    def _secrets(self) -> tuple[str, ...]:
        return self._auth.secrets() if self._auth is not None else ()

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def _limit(timeout_s: float) -> dict[str, str]:
    """The server gives up a little before we do, and says so."""
    return {"timeout": f"{max(int(timeout_s * 900), 1)}ms"}


def _range_reading(item: Any) -> RangeReading:
    pairs = [(float(moment), float(text)) for moment, text in item["values"]]
    finite = [pair for pair in pairs if math.isfinite(pair[1])]
    return RangeReading(
        tuple(moment for moment, _ in finite),
        tuple(value for _, value in finite),
        dict(item["metric"]),
    )


def _readings(result: Any) -> list[Reading]:
    """Series out of the `result` of an answer: a vector, or a scalar."""
    if not isinstance(result, list):
        raise ValueError("no list of results")
    if len(result) == 2 and not isinstance(result[0], dict):
        return [_reading(result, {})]
    return [_reading(item["value"], item["metric"]) for item in result]


def _reading(pair: Any, labels: Mapping[str, str]) -> Reading:
    moment, text = pair
    value = float(text)
    return Reading(value if math.isfinite(value) else None, float(moment), dict(labels))


class _StatusError(Exception):
    """An HTTP status other than 200."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status)
        self.status = status
        self.text = text


class _Translation:
    """Turns what the libraries raise into a `ClusterError` that holds no secret."""

    def __init__(self, what: str, url: str, secrets: tuple[str, ...]) -> None:
        self._what = what
        self._url = url
        self._secrets = secrets

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        if error is None or not isinstance(error, Exception):
            return
        if isinstance(error, (ClusterError, InputError)):
            return
        raise self._translate(error) from None

    def _translate(self, error: Exception) -> ClusterError:
        if isinstance(error, PrometheusApiClientException):
            match = _STATUS.search(str(error))
            error = _StatusError(int(match[1]) if match else 500, match[2] if match else str(error))
        if isinstance(error, _StatusError):
            problem = _PROBLEMS.get(error.status, ClusterProblem.SERVER)
            words = f"{error.status} {redact(_server_words(error.text), *self._secrets)}".strip()
            return self._error(words, problem)
        # A refused connection may come as either: it must not pass for a slow server.
        if isinstance(error, requests.exceptions.SSLError):
            return self._error(
                "its certificate is not trusted; see ca_file", ClusterProblem.UNREACHABLE
            )
        if isinstance(error, requests.exceptions.Timeout):
            return self._error("no answer in time", ClusterProblem.TIMEOUT)
        if isinstance(error, (requests.exceptions.ConnectionError, OSError)) and not isinstance(
            error, requests.exceptions.JSONDecodeError
        ):
            # In full, since it is only looked at: the URL with the query comes first and is long.
            text = str(error).lower()
            if "timed out" in text:
                return self._error("no answer in time", ClusterProblem.TIMEOUT)
            # Whatever was asked: it is the server that is not there.
            words = "refused" if "refused" in text else "it broke"
            return ClusterError(
                f"no connection to Prometheus at {self._url}: {words}.",
                _HINTS[ClusterProblem.UNREACHABLE],
                problem=ClusterProblem.UNREACHABLE,
            )
        return self._error(
            f"an answer that makes no sense ({type(error).__name__})", ClusterProblem.SERVER
        )

    def _error(self, words: str, problem: ClusterProblem) -> ClusterError:
        return ClusterError(
            f"could not {self._what} at {self._url}: {words}.",
            _HINTS.get(problem, ""),
            problem=problem,
        )


def _server_words(text: str) -> str:
    """The message in Prometheus's JSON of an error, out of the library's text of the bytes."""
    match = re.search(r'"error":\s*"((?:[^"\\]|\\.)*)"', text)
    if match:
        return match[1].replace('\\"', '"')
    return "" if "<" in text else text.removeprefix("b").strip("'\"")
