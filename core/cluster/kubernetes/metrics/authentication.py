"""Credentials for Prometheus, out of files and variables, read when they are needed."""

from __future__ import annotations

import os
from pathlib import Path

import requests
from requests.auth import AuthBase

from core.cluster.kubernetes.settings import MetricsSettings
from core.errors import InputError


class Authentication(AuthBase):
    """Puts credentials on each request, read anew each time: tokens are rotated.

    Given as `auth`, so that requests does not take others from a .netrc.
    """

    def __init__(self, settings: MetricsSettings) -> None:
        self._settings = settings
        self.secrets()

    def secrets(self) -> tuple[str, ...]:
        """What must never be shown.

        Raises:
            InputError: It cannot be read.
        """
        return (self._secret(),)

    def _secret(self) -> str:
        settings = self._settings
        if settings.basic_auth_user is not None:
            return _secret(settings.basic_auth_password_file, settings.basic_auth_password_env)
        return _secret(settings.bearer_token_file, settings.bearer_token_env)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """See `requests`."""
        if self._settings.basic_auth_user is not None:
            user = self._settings.basic_auth_user
            return requests.auth.HTTPBasicAuth(user, self._secret())(request)
        request.headers["Authorization"] = f"Bearer {self._secret()}"
        return request


def authentication(settings: MetricsSettings) -> Authentication | None:
    """What the settings name; None if they name nothing.

    Raises:
        InputError: It cannot be read.
    """
    named = (settings.basic_auth_user, settings.bearer_token_file, settings.bearer_token_env)
    return Authentication(settings) if any(item is not None for item in named) else None


def _secret(file: Path | None, variable: str | None) -> str:
    if file is not None:
        try:
            found = file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not text"
            raise InputError(
                f"expected a secret in {file}, found: {reason}.",
                "Check the path and its permissions.",
            ) from None
        where = str(file)
    else:
        found, where = os.environ.get(variable or "", "").strip(), f"variable {variable}"
    if not found:
        raise InputError(f"expected a secret in {where}, found none.", "Put it there.")
    return found
