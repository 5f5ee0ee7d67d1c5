"""What reached the API server, from its audit log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_READS = frozenset({"get", "list", "watch"})
_QUESTIONS = "authorization.k8s.io"  # reviews are created, but change nothing


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One request that the API server has answered (or begun to, for a watch)."""

    user: str
    verb: str
    uri: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    status: int
    request: dict[str, Any] | None
    """The body; None for reads."""

    @property
    def dry_run(self) -> bool:
        """Whether the server was asked to change nothing."""
        return "dryRun=" in self.uri

    @property
    def write(self) -> bool:
        """Whether it changed something, or would have unless refused."""
        asks = self.group == _QUESTIONS
        return self.verb not in _READS and not asks and not self.dry_run

    def __str__(self) -> str:
        """As it is shown where an assertion fails."""
        what = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        return f"{self.user} {self.verb} {what} {self.namespace}/{self.name} -> {self.status}"


def _entry(line: str) -> AuditEntry:
    event = json.loads(line)
    target = event.get("objectRef", {})
    return AuditEntry(
        user=event["user"].get("username", ""),
        verb=event["verb"],
        uri=event["requestURI"],
        group=target.get("apiGroup", ""),
        resource=target.get("resource", ""),
        subresource=target.get("subresource", ""),
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        status=event.get("responseStatus", {}).get("code", 0),
        request=event.get("requestObject"),
    )


class AuditLog:
    """The log file, read from a mark on."""

    def __init__(self, path: Path) -> None:
        """Read `path`, which the API server writes."""
        self._path = path

    def mark(self) -> int:
        """Where the log ends now; pass it as `since` later."""
        return self._path.stat().st_size if self._path.exists() else 0

    def entries(
        self, since: int = 0, user: str | None = None, namespace: str | None = None
    ) -> list[AuditEntry]:
        """What was answered after the mark `since`, of one user and in one namespace if given."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as log:
            log.seek(since)
            whole = log.read().rpartition(b"\n")[0].decode()
        found = [_entry(line) for line in whole.splitlines()]
        return [
            entry
            for entry in found
            if user in (None, entry.user) and namespace in (None, entry.namespace)
        ]

    def writes(
        self, since: int = 0, user: str | None = None, namespace: str | None = None
    ) -> list[AuditEntry]:
        """The entries that changed something, or would have unless refused.

        Not those of dry runs, nor questions about one's own rights.
        """
        return [entry for entry in self.entries(since, user, namespace) if entry.write]

    def grants_used(self, user: str) -> set[tuple[str, str, str]]:
        """API group, resource and verb of all that `user` asked for, in the terms of Roles.

        Without what everybody may do: ask for the version and for one's own rights.
        """
        return {
            (entry.group, "/".join(filter(None, (entry.resource, entry.subresource))), entry.verb)
            for entry in self.entries(user=user)
            if entry.resource and entry.group != _QUESTIONS
        }
