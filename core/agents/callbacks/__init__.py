"""What happens beside learning: metrics, progress, evaluations, checkpoints, logs."""

from core.agents.callbacks.autoscaling import AutoscalingMetricsCallback
from core.agents.callbacks.checkpoints import CheckpointCallback
from core.agents.callbacks.evaluation import EvaluationCallback
from core.agents.callbacks.progress import ProgressCallback
from core.agents.callbacks.system import SystemMetricsCallback
from core.agents.callbacks.wandb import WandbCallback

__all__ = [
    "AutoscalingMetricsCallback",
    "CheckpointCallback",
    "EvaluationCallback",
    "ProgressCallback",
    "SystemMetricsCallback",
    "WandbCallback",
]
