"""What an HPA on CPU with default behaviour can be tuned by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class HpaSetting:
    """One way to set up an HPA."""

    target: float
    """CPU utilisation of the request to aim at, such as 0.7."""
    stabilization_s: float
    """Scaling down goes no lower than the highest recommendation of this many seconds."""

    @property
    def spec(self) -> str:
        """As `core.agents.registry.load_policy` takes it."""
        return f"hpa:{self.target:g}:{self.stabilization_s:g}"
