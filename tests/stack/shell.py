"""Words to break and mend the stack with by hand, one line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.stack import faults
from tests.stack.load import Load
from tests.stack.stack import Deployed, Stack

HELP = """\
  rps N               send N requests per second (wave: the wave again)
  scale N             scale the Deployment as somebody else
  crash N, recover    let N pods crash-loop; let them run again
  room N              no more than N pods find a node (room: all do)
  slow S              pods take S seconds to start
  latency S           every request takes S seconds longer
  kill|start|pause|resume prometheus|api
  answer CODE         the proxied API server answers with CODE; mend: as before
  help, quit"""


class Shell:
    """Runs such lines."""

    def __init__(
        self, stack: Stack, web: Deployed, load: Load, wave: Callable[[float], float]
    ) -> None:
        """Act on `web` and the traffic to it."""
        self._stack = stack
        self._web = web
        self._load = load
        self._wave = wave
        self._servers = {"prometheus": stack.prometheus, "api": stack.api_server}

    def run(self, line: str) -> str:
        """Do what `line` says; what to answer."""
        verb, *words = line.split()
        try:
            return self._do(verb, words)
        except (IndexError, ValueError, OSError) as error:
            return f"{verb}: {error}"

    def _do(self, verb: str, words: list[str]) -> str:
        where, name = self._web.namespace, self._web.name
        match verb:
            case "rps":
                self._load.set_rate(float(words[0]))
            case "wave":
                self._load.follow(self._wave)
            case "scale":
                self._stack.scale(where, name, int(words[0]))
            case "crash":
                return " ".join(self._stack.kubelet.crash(where, int(words[0])))
            case "recover":
                self._stack.kubelet.recover(where)
            case "room":
                self._behave(schedulable_pods=int(words[0]) if words else None)
            case "slow":
                self._behave(startup_median_s=float(words[0]))
            case "latency":
                self._web.service.extra_latency_s = float(words[0])
            case "kill" | "start" | "pause" | "resume":
                getattr(self._servers[words[0]], verb)()
            case "answer":
                self._stack.api_proxy.inject(faults.api_status(int(words[0])))
            case "mend":
                self._stack.api_proxy.heal()
            case _:
                return HELP
        return "done"

    def _behave(self, **changes: Any) -> None:
        kubelet, namespace = self._stack.kubelet, self._web.namespace
        kubelet.configure(namespace, replace(kubelet.behaviour(namespace), **changes))
