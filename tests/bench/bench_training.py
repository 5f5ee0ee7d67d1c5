"""Training speed, everything included, and beside it plain Stable-Baselines3 in the same run."""

from __future__ import annotations

import math
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from stable_baselines3 import PPO

from core.agents.config import Algorithm, TrainingConfig
from core.agents.sink import NullSink
from core.agents.training import train
from core.envs.autoscale import AutoscaleEnv

_PLAIN_STEPS = 6_144


def run() -> dict[str, dict[str, Any]]:
    """Measure; the figures by name."""
    plain = plain_steps_per_s()
    ppo = training_steps_per_s(Algorithm.PPO)
    dqn = training_steps_per_s(Algorithm.DQN)
    return {
        "PPO training": _figure(ppo, 20_000, "steps/s"),
        "PPO training over plain SB3": _figure(ppo / plain, 40, "times"),
        "DQN training": _figure(dqn, 6_000, "steps/s"),
        "plain SB3 PPO on one AutoscaleEnv": {
            "measured": plain,
            "target": "-",
            "unit": "steps/s",
            "ok": math.isfinite(plain),
        },
    }


def training_steps_per_s(algorithm: Algorithm) -> float:
    """Speed of a whole default training: callbacks, evaluations, checkpoints and logs included."""
    config = TrainingConfig.model_validate({"algo": algorithm, "seed": 1})
    with tempfile.TemporaryDirectory() as folder:
        result = train(config, Path(folder), NullSink())
    return result.steps_per_s


def plain_steps_per_s() -> float:
    """Speed of Stable-Baselines3's PPO at its defaults on one scalar environment."""
    # One thread is its fastest: the networks are tiny.
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = PPO("MlpPolicy", AutoscaleEnv("flash-crowd"), device="cpu", seed=1)
        model.learn(2_048)
        started = time.perf_counter()
        model.learn(_PLAIN_STEPS, reset_num_timesteps=False)
    return _PLAIN_STEPS / (time.perf_counter() - started)


def _figure(measured: float, target: float, unit: str) -> dict[str, Any]:
    return {
        "measured": measured,
        "target": f"≥ {target:,}",
        "unit": unit,
        "ok": measured >= target,
    }
