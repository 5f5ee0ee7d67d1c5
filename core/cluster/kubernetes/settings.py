"""What to connect to, how to measure it and how it may be scaled.

Secrets are named here (a file, an environment variable), never held, so that run files, logs and
error texts cannot contain them.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.traffic.model import RATE_WINDOW_S
from core.traffic.scenario import GuardrailSettings

__all__ = [
    "AccessSettings",
    "Actuator",
    "KubernetesSettings",
    "MetricsSettings",
    "OnExit",
    "QueryOverrides",
    "QuerySet",
]

_DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_DNS_NAME = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"

Namespace = Annotated[str, Field(pattern=_DNS_LABEL, max_length=63)]
ObjectName = Annotated[str, Field(pattern=_DNS_NAME, max_length=253)]


class _Model(BaseModel):
    # What was found is not repeated in errors: it may be a secret in the wrong place.
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )


class QuerySet(StrEnum):
    """Which names the usual metrics have."""

    AUTO = "auto"
    """The first of the others that has data."""
    GENERIC = "generic"
    """`http_requests_total` and `http_request_duration_seconds`."""
    INGRESS_NGINX = "ingress-nginx"
    ISTIO = "istio"


class Actuator(StrEnum):
    """How replicas are changed."""

    SCALE = "scale"
    """Through the scale subresource of the Deployment."""
    HPA_FLOOR = "hpa-floor"
    """By moving `minReplicas` of the HPA that owns the Deployment."""


class OnExit(StrEnum):
    """What is done to the replicas when the engine ends in order."""

    HOLD = "hold"
    """Nothing."""
    RESTORE = "restore"
    """What was there before the engine came."""


class QueryOverrides(_Model):
    """PromQL in place of a query of the set; each must give one series or none.

    `{namespace}`, `{deployment}`, `{window}` and `{slo_seconds}` are filled in.
    """

    rps: str | None = None
    """Requests per second."""
    latency_p50: str | None = None
    """Seconds, as Prometheus has them; so are p95 and p99."""
    latency_p95: str | None = None
    latency_p99: str | None = None
    slo_violation: str | None = None
    """Share of requests slower than the SLO or failed, 0…1."""
    errors: str | None = None
    """Share of requests that failed, 0…1."""
    cpu: str | None = None
    """Used of requested, 1 is all that was requested."""
    memory: str | None = None
    """Used of requested, 1 is all that was requested."""
    queue: str | None = None
    """Requests that wait; no set has it."""
    freshness: str | None = None
    """Time of the newest sample behind `rps`, seconds since the epoch, for its age. By default
    that of the set's own, or the timestamp of `rps` where that is replaced."""


class MetricsSettings(_Model):
    """Where metrics come from, and how to ask for them."""

    prometheus_url: str | None = None
    """Base URL, such as https://prometheus.example:9090; without one CPU and memory come from
    metrics.k8s.io, and nothing else is known."""
    bearer_token_file: Path | None = None
    bearer_token_env: str | None = None
    """Name of the environment variable that holds the token."""
    basic_auth_user: str | None = None
    basic_auth_password_file: Path | None = None
    basic_auth_password_env: str | None = None
    """Name of the environment variable that holds the password."""
    ca_file: Path | None = None
    """Certificate authorities that Prometheus's certificate is checked against."""
    query_set: QuerySet = QuerySet.AUTO
    queries: QueryOverrides = QueryOverrides()
    window_s: Annotated[int, Field(ge=1, le=86_400)] = RATE_WINDOW_S
    """Window of rates; at least two scrape intervals, better four."""
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 5.0
    """How long one round of queries may take altogether."""

    @field_validator("prometheus_url")
    @classmethod
    def _is_plain_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            valid = parts.scheme in ("http", "https") and bool(parts.hostname)
            secret = parts.username is not None or parts.password is not None
            rest = bool(parts.query or parts.fragment)
        except ValueError:
            valid, secret, rest = False, "@" in url, False
        # The text of the URL is left out of the message on purpose: it may hold a password.
        if secret:
            raise ValueError(
                "expected a URL without a user and password, found some; "
                "use basic_auth_user and basic_auth_password_file"
            )
        if not valid or rest:
            raise ValueError(
                "expected a URL such as https://prometheus.example:9090, found "
                + ("one with a query or fragment" if valid else "another kind of text")
            )
        return url.rstrip("/")

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        if self.bearer_token_file is not None and self.bearer_token_env is not None:
            raise ValueError("expected bearer_token_file or bearer_token_env, found both")
        password_file, password_env = self.basic_auth_password_file, self.basic_auth_password_env
        if password_file is not None and password_env is not None:
            raise ValueError(
                "expected basic_auth_password_file or basic_auth_password_env, found both"
            )
        bearer = self.bearer_token_file is not None or self.bearer_token_env is not None
        if bearer and self.basic_auth_user is not None:
            raise ValueError("expected a bearer token or basic_auth_user, found both")
        password = password_file is not None or password_env is not None
        if password != (self.basic_auth_user is not None):
            raise ValueError("expected basic_auth_user together with a password file or variable")
        return self


class AccessSettings(_Model):
    """How to get at a cluster, and where in it."""

    kubeconfig: Path | None = None
    """By default `KUBECONFIG`, then ~/.kube/config."""
    context: str | None = None
    """By default the current one of the kubeconfig."""
    in_cluster: bool = False
    """Use the service account of the pod that this runs in, and no kubeconfig."""
    namespace: Namespace | None = None
    """By default the context's, or `default`."""
    request_timeout_s: Annotated[float, Field(gt=0, le=300)] = 10.0
    """How long one call to the API server may take."""

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.in_cluster and (self.kubeconfig is not None or self.context is not None):
            raise ValueError("expected in_cluster alone, found kubeconfig or context beside it")
        return self


class KubernetesSettings(AccessSettings):
    """One Deployment in one cluster."""

    deployment: ObjectName
    container: str | None = None
    """The container that serves, for CPU and memory; by default all of the pod."""
    metrics: MetricsSettings = MetricsSettings()
    interval_s: Annotated[float, Field(ge=0.1, le=3600)] | None = None
    """Seconds between two decisions; by default the scenario's, or 15."""
    pod_capacity_rps: Annotated[float, Field(gt=0)] | None = None
    """Requests per second of one pod at full utilisation; by default the scenario's."""
    slo_ms: Annotated[float, Field(gt=0)] | None = None
    min_replicas: Annotated[int, Field(ge=1)] | None = None
    max_replicas: Annotated[int, Field(ge=1)] | None = None
    startup_median_s: Annotated[float, Field(gt=0)] | None = None
    guardrails: GuardrailSettings | None = None
    """By default the scenario's."""
    actuator: Actuator = Actuator.SCALE
    floor_min: Annotated[int, Field(ge=1)] | None = None
    """Lowest `minReplicas` that hpa-floor may set; needed with it."""
    floor_max: Annotated[int, Field(ge=1)] | None = None
    """Highest `minReplicas` that hpa-floor may set; needed with it."""
    on_exit: OnExit | None = None
    """By default hold; with hpa-floor restore, since the HPA goes on scaling."""

    @property
    def exit_rule(self) -> OnExit:
        """`on_exit` with its default filled in."""
        floors = self.actuator is Actuator.HPA_FLOOR
        return self.on_exit or (OnExit.RESTORE if floors else OnExit.HOLD)

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        low, high = self.min_replicas, self.max_replicas
        if low is not None and high is not None and high < low:
            raise ValueError(
                f"expected max_replicas of at least min_replicas ({low}), found {high}"
            )
        floors = (self.floor_min, self.floor_max)
        if self.actuator is Actuator.HPA_FLOOR:
            if self.floor_min is None or self.floor_max is None:
                raise ValueError("expected floor_min and floor_max with actuator hpa-floor")
            if self.floor_max < self.floor_min:
                raise ValueError(
                    f"expected floor_max of at least floor_min ({self.floor_min}), "
                    f"found {self.floor_max}"
                )
        elif any(floor is not None for floor in floors):
            raise ValueError("expected floor_min and floor_max with actuator hpa-floor only")
        return self
