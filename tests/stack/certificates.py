"""The keys and certificates of the stack, made with openssl."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_CURVE = "prime256v1"  # quicker to make than RSA, and every client takes it
_DAYS = "2"


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files: one authority, one serving certificate for 127.0.0.1, one key to sign tokens with."""

    ca: Path
    serving: Path
    serving_key: Path
    token_key: Path


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(
        ["openssl", *(str(part) for part in arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")


def make_certificates(folder: Path) -> Certificates:
    """Make all of them in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    ca, ca_key = folder / "ca.crt", folder / "ca.key"
    made = Certificates(ca, folder / "server.crt", folder / "server.key", folder / "tokens.key")
    request, extensions = folder / "server.csr", folder / "server.ext"
    for key in (ca_key, made.serving_key, made.token_key):
        _openssl("ecparam", "-name", _CURVE, "-genkey", "-noout", "-out", key)
    authority = ["-subj", "/CN=tests authority", "-addext", "keyUsage=critical,keyCertSign"]
    _openssl("req", "-x509", "-new", "-key", ca_key, "-days", _DAYS, "-out", ca, *authority)
    _openssl("req", "-new", "-key", made.serving_key, "-subj", "/CN=127.0.0.1", "-out", request)
    extensions.write_text(
        "subjectAltName=IP:127.0.0.1,DNS:localhost\nkeyUsage=digitalSignature\n"
        "extendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n",
        encoding="utf-8",
    )
    signing: list[str | Path] = ["-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", _DAYS]
    _openssl("x509", "-req", "-in", request, *signing, "-out", made.serving, "-extfile", extensions)
    return made
