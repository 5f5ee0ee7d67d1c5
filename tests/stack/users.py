"""Who may talk to the API server, and the kubeconfig files that let them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

DIRECT = "direct"
"""The context that reaches the API server itself."""
PROXIED = "proxied"
"""The context that goes through the fault proxy."""


@dataclass(frozen=True, slots=True)
class User:
    """One line of the file of static tokens."""

    name: str
    token: str
    groups: tuple[str, ...] = ()


_MASTERS = ("system:masters",)
ADMIN = User("admin", "token-of-admin", _MASTERS)
CONTROLLERS = User("stack-controllers", "token-of-controllers", _MASTERS)
KUBELET = User("stack-kubelet", "token-of-kubelet", _MASTERS)
LIMITED = User("limited", "token-of-limited")
OTHER = User("other", "token-of-other")
USERS = {user.name: user for user in (ADMIN, CONTROLLERS, KUBELET, LIMITED, OTHER)}


def write_tokens(path: Path) -> Path:
    """Write the file that `--token-auth-file` reads."""
    lines = [f'{u.token},{u.name},uid-{u.name},"{",".join(u.groups)}"' for u in USERS.values()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_kubeconfig(path: Path, servers: dict[str, str], ca: Path, name: str, token: str) -> Path:
    """Write a kubeconfig with one context per entry of `servers` (context: URL).

    The first one is the current context. JSON is YAML, and every client reads it.
    """
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": next(iter(servers)),
        "clusters": [
            {"name": context, "cluster": {"server": url, "certificate-authority": str(ca)}}
            for context, url in servers.items()
        ],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [
            {"name": context, "context": {"cluster": context, "user": name}} for context in servers
        ],
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path
