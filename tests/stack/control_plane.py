"""The command lines of etcd, kube-apiserver and kube-controller-manager."""

from __future__ import annotations

import json
import ssl
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.stack import users
from tests.stack.assets import Assets
from tests.stack.certificates import Certificates
from tests.stack.ports import free_port
from tests.stack.processes import Server

HPA_SYNC_S = 2
"""Seconds between two decisions of the HPA controller (15 in a usual cluster)."""

# What a test asserts on is kept whole; what the stand-ins do over and over is left out.
_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {
            "level": "None",
            "users": ["system:apiserver", users.CONTROLLERS.name, users.KUBELET.name],
            "verbs": ["get", "list", "watch"],
        },
        {"level": "None", "users": ["system:apiserver", users.KUBELET.name]},
        {"level": "Metadata", "users": [users.CONTROLLERS.name]},
        {"level": "Metadata", "verbs": ["get", "list", "watch"]},
        {"level": "RequestResponse"},
    ],
}


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """The three servers and where the API is."""

    etcd: Server
    api_server: Server
    controllers: Server
    api_url: str
    audit_log: Path


def answers(url: str, ca: Path | None = None, token: str | None = None) -> bool:
    """Whether a GET of `url` is answered with 200 within a second."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    context = ssl.create_default_context(cafile=str(ca)) if ca else None
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=1.0, context=context) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def _flags(**values: object) -> list[str]:
    return [f"--{name.replace('_', '-')}={value}" for name, value in values.items()]


def _etcd(assets: Assets, folder: Path) -> tuple[Server, str]:
    client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    flags = _flags(
        data_dir=folder / "etcd",
        listen_client_urls=client,
        advertise_client_urls=client,
        listen_peer_urls=peer,
        initial_advertise_peer_urls=peer,
        initial_cluster=f"default={peer}",
        log_level="warn",
    )
    server = Server(
        "etcd", [assets.etcd, *flags], folder / "etcd.log", lambda: answers(f"{client}/health")
    )
    return server, client


def _api_server(
    assets: Assets, folder: Path, keys: Certificates, etcd_url: str, port: int
) -> Server:
    policy = folder / "audit-policy.json"
    policy.write_text(json.dumps(_AUDIT_POLICY), encoding="utf-8")
    flags = _flags(
        etcd_servers=etcd_url,
        bind_address="127.0.0.1",
        advertise_address="127.0.0.1",
        secure_port=port,
        tls_cert_file=keys.serving,
        tls_private_key_file=keys.serving_key,
        cert_dir=folder,
        token_auth_file=users.write_tokens(folder / "tokens.csv"),
        authorization_mode="RBAC",
        service_account_key_file=keys.token_key,
        service_account_signing_key_file=keys.token_key,
        service_account_issuer="https://kubernetes.default.svc",
        service_cluster_ip_range="10.0.0.0/24",
        endpoint_reconciler_type="none",
        audit_policy_file=policy,
        audit_log_path=folder / "audit.log",
        shutdown_delay_duration="0s",
    )
    return Server(
        "kube-apiserver",
        [assets.kube_apiserver, *flags],
        folder / "kube-apiserver.log",
        lambda: answers(f"https://127.0.0.1:{port}/livez", keys.ca, users.ADMIN.token),
    )


def _controllers(assets: Assets, folder: Path, keys: Certificates, api_url: str) -> Server:
    port = free_port()
    config = users.write_kubeconfig(
        folder / "controllers.kubeconfig",
        {users.DIRECT: api_url},
        keys.ca,
        users.CONTROLLERS.name,
        users.CONTROLLERS.token,
    )
    flags = _flags(
        kubeconfig=config,
        authentication_kubeconfig=config,
        authorization_kubeconfig=config,
        bind_address="127.0.0.1",
        secure_port=port,
        port=0,
        cert_dir=folder / "controllers",
        service_account_private_key_file=keys.token_key,
        root_ca_file=keys.ca,
        leader_elect="false",
        kube_api_qps=200,
        kube_api_burst=300,
        horizontal_pod_autoscaler_sync_period=f"{HPA_SYNC_S}s",
        horizontal_pod_autoscaler_initial_readiness_delay="1s",
        horizontal_pod_autoscaler_cpu_initialization_period="5s",
    )
    healthy = f"https://127.0.0.1:{port}/healthz"
    # Its certificate is its own; that it listens is what matters, and the stack then waits for
    # what the controllers do.
    return Server(
        "kube-controller-manager",
        [assets.kube_controller_manager, *flags],
        folder / "kube-controller-manager.log",
        lambda: _listens(healthy),
    )


def _listens(url: str) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with urllib.request.urlopen(url, timeout=1.0, context=context):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def control_plane(assets: Assets, folder: Path, keys: Certificates) -> ControlPlane:
    """Lay out the three servers in `folder`; nothing is started yet."""
    etcd, etcd_url = _etcd(assets, folder)
    port = free_port()
    api_url = f"https://127.0.0.1:{port}"
    return ControlPlane(
        etcd=etcd,
        api_server=_api_server(assets, folder, keys, etcd_url, port),
        controllers=_controllers(assets, folder, keys, api_url),
        api_url=api_url,
        audit_log=folder / "audit.log",
    )
