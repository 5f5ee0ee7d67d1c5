"""The clairvoyant schedule: what an autoscaler could do that knew the traffic beforehand."""

from core.agents.oracle.front import (
    FrontPoint,
    cheapest_within,
    merge_fronts,
    oracle_front,
)
from core.agents.oracle.policy import VIOLATION_BOUND, OraclePolicy

__all__ = [
    "VIOLATION_BOUND",
    "FrontPoint",
    "OraclePolicy",
    "cheapest_within",
    "merge_fronts",
    "oracle_front",
]
