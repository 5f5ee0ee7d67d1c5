"""Keeps secrets out of everything that is shown or stored."""

from __future__ import annotations

import re

_HIDDEN = "***"
_LONGEST = 300

_PATTERNS = (
    # Credentials in a URL.
    (re.compile(r"(?<=://)[^/\s@\"']+(?=@)"), _HIDDEN),
    # Headers, and what stands behind a word that announces a secret.
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {_HIDDEN}"),
    (
        re.compile(
            r"(?i)\b([\w-]*(?:authorization|password|passwd|secret|token|api[-_]?key|"
            r"client-key-data|client-certificate-data))(['\"]?\s*[:=]\s*['\"]?)"
            r"(?!(?:bearer|basic)\s)[^\s'\",;&]+"
        ),
        rf"\1\2{_HIDDEN}",
    ),
    # JSON web tokens, such as those of service accounts.
    (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*"), _HIDDEN),
)


def redact(text: str, *secrets: str) -> str:
    """`text` in one line of sensible length without anything that looks like a credential.

    Args:
        text: A foreign text: an exception of an HTTP library, a server's answer.
        secrets: Values known to be secret, which are taken out wherever they stand.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, _HIDDEN)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
