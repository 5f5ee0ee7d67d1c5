"""The whole stack in the foreground, with a wave of traffic, for trying things by hand."""

from __future__ import annotations

import argparse
import math
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from tests.stack.assets import AssetsMissing, find_assets
from tests.stack.behaviour import PodBehaviour
from tests.stack.machinery import Machinery
from tests.stack.service import ServiceShape
from tests.stack.shell import HELP, Shell
from tests.stack.stack import Deployed, Stack
from tests.stack.waiting import wait_until

_NAMESPACE = "shop"
_NAME = "web"
_SHAPE = ServiceShape()
_HIGHEST_RPS = 200.0


def _wave(mean_rps: float, period_s: float) -> Callable[[float], float]:
    """Day and night, with a crowd that comes at once in every third period."""

    def rate(at_s: float) -> float:
        day = 1.0 - 0.6 * math.cos(2.0 * math.pi * at_s / period_s)
        crowd = 1.8 if 2.3 < (at_s / period_s) % 3.0 < 2.5 else 1.0
        return min(mean_rps * day * crowd, _HIGHEST_RPS)

    return rate


def _told(stack: Stack, web: Deployed, startup_s: float) -> str:
    capacity_rps = _SHAPE.workers / _SHAPE.service_time_s
    flags = (
        f"--env k8s --kubeconfig {stack.kubeconfig()} --context direct "
        f"--namespace {web.namespace} --deployment {web.name} "
        f"--prometheus-url {stack.prometheus_url} --window 10 --interval 5 "
        f"--pod-capacity {capacity_rps:g} --slo {_SHAPE.slo_s * 1000:g} "
        f"--min-replicas 1 --max-replicas 15 --startup {startup_s:g}"
    )
    return f"""\
kubeconfig   {stack.kubeconfig()}  (contexts: direct, proxied)
limited      {stack.kubeconfig("limited")}  (no rights until granted)
deployment   {web.namespace}/{web.name}, {capacity_rps:g} rps per pod
Prometheus   {stack.prometheus_url}  (proxied: {stack.prometheus_proxy.url})
service      {web.url}
logs         {stack.directory}

  rlscale-console doctor {flags}
  rlscale-console run --policy ppo {flags}
  rlscale-console run --policy ppo --mode auto --write --confirm direct/{web.namespace}/{web.name} \
{flags}
"""


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.stack", description=__doc__)
    parser.add_argument("--rps", type=float, default=50.0, help="mean of the wave (default 50)")
    parser.add_argument("--period", type=float, default=180.0, help="of the wave, in s")
    parser.add_argument("--replicas", type=int, default=3)
    parser.add_argument("--startup", type=float, default=4.0, help="median of a pod's, in s")
    parser.add_argument("--hpa", action="store_true", help="put an HPA on the Deployment")
    parser.add_argument("--minutes", type=float, default=60.0, help="end after so long")
    parser.add_argument("--folder", type=Path, help="for its files (default: a temporary one)")
    return parser.parse_args()


def _run(arguments: argparse.Namespace, machinery: Machinery) -> None:
    machinery.start()
    stack = Stack(machinery)
    stack.create_namespace(_NAMESPACE)
    startup = PodBehaviour(startup_median_s=arguments.startup, startup_sigma=0.3)
    stack.kubelet.configure(_NAMESPACE, startup)
    web = stack.create_deployment(_NAMESPACE, _NAME, arguments.replicas, _SHAPE)
    stack.enable_resource_metrics()
    if arguments.hpa:
        stack.create_hpa(_NAMESPACE, _NAME, minimum=1, maximum=15)
    stack.wait_ready(_NAMESPACE, _NAME, arguments.replicas, 60.0)
    print(_told(stack, web, arguments.startup), HELP, "", sep="\n", flush=True)
    wave = _wave(arguments.rps, arguments.period)
    longest_s = 60.0 * arguments.minutes
    with stack.load(web.url, wave, longest_s) as load:
        if not sys.stdin.isatty():
            wait_until(lambda: not load.sending, "the end", longest_s + 10.0, every_s=1.0)
        shell = Shell(stack, web, load, wave)
        for line in sys.stdin:
            if line.strip() in ("quit", "exit"):
                break
            if line.strip():
                print(shell.run(line), flush=True)


def main() -> int:
    """Run until Ctrl-C, `quit`, or the end of the time; the exit code."""
    arguments = _parsed()
    try:
        assets = find_assets()
    except AssetsMissing as missing:
        print(f"error: {missing}", file=sys.stderr)
        return 1

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupted)
    with tempfile.TemporaryDirectory(prefix="rlscale-stack-") as temporary:
        print("starting etcd, kube-apiserver, kube-controller-manager and Prometheus", flush=True)
        machinery = Machinery(assets, arguments.folder or Path(temporary))
        try:
            _run(arguments, machinery)
        except KeyboardInterrupt:
            return 130
        finally:
            machinery.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
