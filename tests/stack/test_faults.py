"""What the fault proxies do to requests, seen by plain HTTP clients."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from kubernetes import client, config, watch

from tests.stack.faults import (
    Answer,
    Delay,
    Drop,
    Hang,
    Skew,
    WatchGone,
    api_status,
    no_samples,
    not_a_number,
    not_json,
    two_series,
)
from tests.stack.stack import Stack
from tests.stack.waiting import wait_until

_UP = "up"


def _ask(stack: Stack, query: str = _UP, url: str | None = None, **headers: str) -> Any:
    base = url or stack.prometheus_proxy.url
    asked = urllib.parse.urlencode({"query": query})
    request = urllib.request.Request(f"{base}/api/v1/query?{asked}", headers=headers)
    trust = ssl.create_default_context(cafile=str(stack.ca_file))
    tls = trust if base.startswith("https") else None
    with urllib.request.urlopen(request, timeout=1.0, context=tls) as reply:
        return json.load(reply)["data"]["result"]


def _proxied(stack: Stack) -> client.ApiClient:
    api: client.ApiClient = config.new_client_from_config(
        str(stack.kubeconfig("admin")), context="proxied"
    )
    return api


@pytest.mark.parametrize("code", [401, 403, 404, 409, 410, 429, 500])
def test_the_api_server_refuses(stack: Stack, code: int) -> None:
    with (
        _proxied(stack) as api,
        stack.api_proxy.inject(api_status(code), times=1) as fault,
    ):
        core = client.CoreV1Api(api)
        with pytest.raises(client.ApiException) as refused:
            core.list_node()
        assert refused.value.status == code
        assert len(core.list_node().items) == 3
    assert fault.hits == 1


def test_a_refusal_says_when_to_come_back(stack: Stack) -> None:
    stack.api_proxy.inject(api_status(429, retry_after_s=7))
    trust = ssl.create_default_context(cafile=str(stack.ca_file))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(stack.api_proxy.url, timeout=5.0, context=trust)
    assert refused.value.code == 429
    assert refused.value.headers["Retry-After"] == "7"


def test_only_what_matches_is_hit(stack: Stack) -> None:
    with (
        _proxied(stack) as api,
        stack.api_proxy.inject(api_status(500), method="PATCH|POST", path="/scale$") as fault,
    ):
        assert client.CoreV1Api(api).list_node().items
    assert fault.hits == 0
    assert [(seen.method, seen.path, seen.status) for seen in stack.api_proxy.seen] == [
        ("GET", "/api/v1/nodes", 200)
    ]


def test_a_watch_ends_with_gone(stack: Stack, namespace: str) -> None:
    with _proxied(stack) as api:
        core = client.CoreV1Api(api)
        with stack.api_proxy.inject(WatchGone()), pytest.raises(client.ApiException) as gone:
            list(watch.Watch().stream(core.list_namespaced_pod, namespace, resource_version="1"))
        assert gone.value.status == 410


def test_a_watch_under_way_is_ended(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", replicas=1)
    path = f"/namespaces/{namespace}/pods"
    with _proxied(stack) as api:
        core = client.CoreV1Api(api)
        events = watch.Watch().stream(core.list_namespaced_pod, namespace, timeout_seconds=10)
        assert next(events)["object"].metadata.name.startswith("web-")
        assert stack.api_proxy.end_watches(path, gone=True) == 1
        with pytest.raises(client.ApiException) as gone:
            for _ in events:
                pass
    assert gone.value.status == 410


def test_connections_are_refused_dropped_and_taken_again(stack: Stack) -> None:
    wait_until(lambda: _ask(stack), "the first scrape")
    with (
        stack.prometheus_proxy.refusing(),
        pytest.raises(urllib.error.URLError, match="refused"),
    ):
        _ask(stack)
    with stack.prometheus_proxy.inject(Drop()), pytest.raises((OSError, ConnectionError)):
        _ask(stack)
    assert _ask(stack)


def test_answers_come_late_or_not_at_all(stack: Stack) -> None:
    for fault in (Delay(5.0), Hang()):
        with stack.prometheus_proxy.inject(fault), pytest.raises(TimeoutError):
            _ask(stack)
    assert _ask(stack)


def test_prometheus_gives_wrong_answers(stack: Stack) -> None:
    wait_until(lambda: _ask(stack), "the first scrape")
    proxy = stack.prometheus_proxy
    honest = len(_ask(stack))
    with proxy.inject(not_a_number()):
        assert _ask(stack)[0]["value"][1] == "NaN"
    with proxy.inject(no_samples()):
        assert _ask(stack) == []
    with proxy.inject(two_series()):
        assert len(_ask(stack)) == honest + 1
    with proxy.inject(not_json()), pytest.raises(json.JSONDecodeError):
        _ask(stack)
    with proxy.inject(Answer(200, '{"status": "success"}')), pytest.raises(KeyError):
        _ask(stack)


def test_the_clock_of_prometheus_is_ahead(stack: Stack) -> None:
    (true,) = _ask(stack, "vector(time())")
    with stack.prometheus_proxy.inject(Skew(3600.0)):
        (ahead,) = _ask(stack, "vector(time())")
    assert ahead["value"][0] - true["value"][0] == pytest.approx(3600.0, abs=5.0)
    assert float(ahead["value"][1]) - float(true["value"][1]) == pytest.approx(3600.0, abs=5.0)


def test_the_clock_of_the_api_server_is_ahead(stack: Stack) -> None:
    with _proxied(stack) as api:
        core = client.CoreV1Api(api)
        _, _, true = core.list_node_with_http_info()
        with stack.api_proxy.inject(Skew(-900.0)):
            _, _, behind = core.list_node_with_http_info()
    apart = parsedate_to_datetime(true["Date"]) - parsedate_to_datetime(behind["Date"])
    assert apart.total_seconds() == pytest.approx(900.0, abs=5.0)


def test_prometheus_asks_for_authorization_over_tls(stack: Stack) -> None:
    proxy = stack.secure_prometheus_proxy
    proxy.require("Bearer right")
    with pytest.raises(urllib.error.HTTPError) as refused:
        _ask(stack, url=proxy.url, Authorization="Bearer wrong")
    assert refused.value.code == 401
    assert _ask(stack, url=proxy.url, Authorization="Bearer right")


def test_a_frozen_prometheus_is_silent_until_it_goes_on(stack: Stack) -> None:
    stack.prometheus.pause()
    with pytest.raises(TimeoutError):
        _ask(stack)
    stack.prometheus.resume()
    assert _ask(stack) is not None
