"""`train`: a policy of one's own, in the simulator, or a trained one further on a cluster."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.cli.arguments import (
    add_json,
    add_mode,
    add_peak,
    add_seed,
    names,
    share,
    whole_number,
)
from console.cli.kubernetes import (
    add_environment,
    add_kubernetes_arguments,
    refuse_kubernetes_arguments,
)
from console.cli.live import DAY_OF_DECISIONS, add_writing
from core.errors import InputError
from core.extras import require_extra
from core.locations import typed_path

if TYPE_CHECKING:
    from core.agents.config import TrainingConfig

_ALGORITHMS = ("ppo", "dqn")
_BROAD = ("random",)
_ACTION_SET = "headroom"
_CONFIGURES = (
    "algo",
    "scenario",
    "steps",
    "seed",
    "start_from",
    "name",
    "out",
    "peak_rps",
    "action_set",
    "learning_rate",
    "gamma",
    "environments",
    "batch_size",
    "entropy",
)
"""Arguments that say what a new training does."""


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "train",
        help="train a policy in the simulator, or further on a cluster",
        description=(
            "Train a policy in the simulator. The finished policy is kept in the data directory "
            "and\ncan be named: rlscale-console run --policy NAME. Needs the extra `train`.\n\n"
            "With --env k8s a trained DQN policy goes on learning on a Deployment, one decision "
            "per\ninterval, from what it does and from what operators and others do."
        ),
    )
    add_environment(parser, "where to train")
    parser.add_argument(
        "--algo",
        choices=_ALGORITHMS,
        help="which algorithm learns (default ppo; on a cluster dqn, the only one there)",
    )
    parser.add_argument(
        "--scenario",
        type=names,
        default=_BROAD,
        metavar="NAME[,NAME…]",
        help="what to train on: names or files; random (default) is broad traffic of every kind; "
        "on a cluster the twin that was fitted to the service, if there is one",
    )
    parser.add_argument(
        "--steps",
        type=whole_number(1, 10_000_000_000),
        metavar="N",
        help="decisions to train for (default: 2,000,000 for ppo, 1,500,000 for dqn, "
        f"{DAY_OF_DECISIONS:,} on a cluster); the simulator trains whole updates, of 16,384 for "
        "ppo and 512 for dqn unless --environments is given",
    )
    add_seed(parser)
    parser.add_argument(
        "--from",
        dest="start_from",
        metavar="POLICY",
        help="with --env k8s: a DQN policy's name or its bundle's directory (default dqn)",
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "--name", metavar="NAME", help="how the policy is named (default: ppo-1, ppo-2 and so on)"
    )
    place.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="put the finished bundle there instead of among the named policies",
    )
    add_peak(parser)
    parser.add_argument(
        "--action-set", default=_ACTION_SET, metavar="NAME", help=f"default {_ACTION_SET}"
    )
    tuning = parser.add_argument_group("hyper-parameters (default: tuned for the algorithm)")
    tuning.add_argument("--learning-rate", type=share, metavar="X")
    tuning.add_argument("--gamma", type=share, metavar="X", help="discount per decision")
    tuning.add_argument(
        "--environments", type=whole_number(1, 4096), metavar="N", help="simulated clusters at once"
    )
    tuning.add_argument("--batch-size", type=whole_number(8, 1_000_000), metavar="N")
    tuning.add_argument("--entropy", type=share, metavar="X", help="ppo only")
    add_kubernetes_arguments(parser)
    add_mode(
        add_writing(parser),
        "--mode",
        "control mode at the start (default SHADOW: it learns from what others do)",
        ("AUTO", "SHADOW", "HOLD"),
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--detach", action="store_true", help="let the engine train in the background and return"
    )
    how.add_argument(
        "--resume", metavar="RUN", help="go on with a training that ended before it was finished"
    )
    add_json(parser)
    parser.set_defaults(execute=_execute, parser=parser)


def _execute(arguments: argparse.Namespace) -> int:
    if arguments.env != "k8s":
        refuse_kubernetes_arguments(arguments)
        for name in ("start_from", "write", "confirm", "mode"):
            if getattr(arguments, name):
                raise InputError(f"expected --env k8s beside {_flag(name)}, found --env sim.")
    require_training_extra()
    from console.cli.training import resume_training, train_detached, train_here

    if arguments.resume:
        _refuse_beside_resume(arguments)
        return resume_training(arguments)
    config = _config(arguments)
    return train_detached(config, arguments) if arguments.detach else train_here(config, arguments)


def _refuse_beside_resume(arguments: argparse.Namespace) -> None:
    default = arguments.parser.get_default
    given = [name for name in _CONFIGURES if getattr(arguments, name) != default(name)]
    if given:
        raise InputError(
            f"expected --resume alone, found {_flag(given[0])} beside it.",
            "A training goes on as it was begun.",
        )


def _refuse_ignored(arguments: argparse.Namespace, algo: str) -> None:
    """Say what would change nothing."""
    if arguments.entropy is not None and algo != "ppo":
        raise InputError(f"expected --algo ppo beside --entropy, found {algo}.")
    if arguments.env == "k8s" and arguments.action_set != _ACTION_SET:
        raise InputError(
            "expected --action-set with --env sim only, found it with k8s.",
            "On a cluster the policy keeps the actions that it has learned.",
        )
    if arguments.env != "k8s" and arguments.peak_rps and arguments.scenario == _BROAD:
        raise InputError(
            "expected a trace or a scenario with one beside --peak-rps, found random traffic."
        )


def _flag(name: str) -> str:
    return "--" + ("from" if name == "start_from" else name.replace("_", "-"))


def _config(arguments: argparse.Namespace) -> TrainingConfig:
    from console.cli.policy import new_policy_directory
    from console.setup.names import free_name
    from core.agents.config import Algorithm, HyperParameters, TrainingConfig
    from core.envs.actions import action_set
    from core.runs.config import checked

    # What is wrong with a name is said before anything is made.
    action_set(arguments.action_set)
    on_cluster = arguments.env == "k8s"
    algo = arguments.algo or ("dqn" if on_cluster else "ppo")
    _refuse_ignored(arguments, algo)
    if arguments.out is not None:
        out = _bundle_directory(arguments.out)
    else:
        out = new_policy_directory(arguments.name or free_name(algo))
    overrides = HyperParameters(
        learning_rate=arguments.learning_rate,
        gamma=arguments.gamma,
        entropy=arguments.entropy,
        batch_size=arguments.batch_size,
        environments=arguments.environments,
    )
    values = {
        "algo": Algorithm(algo),
        "scenarios": arguments.scenario,
        "steps": arguments.steps,
        "seed": arguments.seed,
        "out": out,
        "action_set": arguments.action_set,
        "peak_rps": arguments.peak_rps,
        "hyper_parameters": overrides,
    }
    if on_cluster:
        from console.cli.live import online_config

        return online_config(arguments, values)
    return checked(TrainingConfig, **values)


def _bundle_directory(out: Path) -> Path:
    from core.agents.bundle_files import require_place

    path = typed_path(out)
    if str(path).startswith("~"):
        raise InputError(f"expected a directory for --out, found {out}: there is no such user.")
    try:
        path.lstat()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise InputError(
            f"expected a directory for --out, found {out}: {error.strerror}."
        ) from error
    require_place(path.resolve())
    return path.resolve()


def require_training_extra() -> None:
    """Make sure that what training needs is installed, without loading it.

    Raises:
        InputError: It is not.
    """
    require_extra("train", ("torch", "stable_baselines3", "tensorboard", "wandb"), "training")
