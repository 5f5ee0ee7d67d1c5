from __future__ import annotations

import pytest

from core.cluster.kubernetes.redaction import redact


@pytest.mark.parametrize(
    "text",
    [
        "GET https://admin:SECRET12@prometheus.example/api failed",
        "{'Authorization': 'Bearer SECRET12'}",
        "Authorization: Basic SECRET12==",
        "authorization=SECRET12",
        "token: SECRET12",
        '"password":"SECRET12"',
        "client-key-data: SECRET12",
        "https://host/login?access_token=SECRET12&next=/",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJTRUNSRVQxMiJ9.SECRET12",
        "the value is SECRET12 as given",
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    assert "SECRET12" not in redact(text, "SECRET12")
    if "as given" not in text:
        assert "SECRET12" not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        'deployments.apps "web" is forbidden: User "limited" cannot get resource "deployments"',
        "connect to https://127.0.0.1:6443 refused",
        "0/3 nodes are available: 3 Insufficient cpu",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert redact(text) == text


def test_long_and_broken_lines_become_one_of_sensible_length() -> None:
    assert redact("one\n  two\tthree") == "one two three"
    assert len(redact("x y " * 1000)) == 300
