from __future__ import annotations

from typing import Any

import pytest

from core.cluster.kubernetes.rollout import deployment_problem, rollout_in_progress
from tests.core.cluster.kubernetes.factory import deployment


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (deployment(), False),
        # Scaled up a moment ago: all pods are of the newest template.
        (deployment(replicas=9, current=4, updated=4), False),
        (deployment(current=5, updated=1, progressing="ReplicaSetUpdated"), True),
        # All old pods are gone (strategy Recreate), and the new ones are not there yet.
        (deployment(current=4, updated=4, progressing="ReplicaSetUpdated"), True),
        # Without a progress deadline there is no condition.
        (deployment(current=5, updated=1, progressing=None), True),
        (deployment(progressing=None), False),
        (deployment(progressing="DeploymentPaused"), False),
        (deployment(current=5, updated=1, progressing="ProgressDeadlineExceeded"), True),
        ({}, False),
    ],
)
def test_a_rollout_is_told_from_a_scaling(found: dict[str, Any], expected: bool) -> None:
    assert rollout_in_progress(found) is expected


def test_what_keeps_replicas_away() -> None:
    quota = 'pods "web-1" is forbidden: exceeded quota: small'
    assert deployment_problem(deployment()) == ""
    assert deployment_problem(deployment(failure=quota)) == f"no pods can be made ({quota})"
    stuck = deployment(progressing="ProgressDeadlineExceeded")
    assert deployment_problem(stuck) == "the rollout is stuck (progress deadline exceeded)"
