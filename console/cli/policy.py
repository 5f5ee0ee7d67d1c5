"""`policy`: the policies that can be run, and bringing in others."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.cli.arguments import add_json
from console.cli.figures import readable
from console.cli.output import print_json, print_pairs, print_table
from core.errors import InputError

if TYPE_CHECKING:
    from core.agents.manifest import Manifest


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "policy",
        help="list, show and import policies",
        description="List, show and import policies.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    parser.set_defaults(parser=parser)

    listing = actions.add_parser("list", help="shipped and trained policies, and the baselines")
    add_json(listing)
    listing.set_defaults(execute=_list, parser=listing)

    show = actions.add_parser("show", help="how a policy was trained and how it did")
    show.add_argument("policy", metavar="POLICY", help="a name from the list, or a directory")
    add_json(show)
    show.set_defaults(execute=_show, parser=show)

    bring = actions.add_parser(
        "import",
        help="bring in a bundle, or a model that Stable-Baselines3 saved",
        description=(
            "Check a policy bundle (a directory with policy.json and policy.safetensors), or a\n"
            ".zip that Stable-Baselines3 saved, and put it into the data directory, so that it\n"
            "can be named. Nothing in it is unpickled or executed. A .zip needs the extra\n`train`."
        ),
    )
    bring.add_argument("source", type=Path, metavar="PATH", help="a bundle's directory or a .zip")
    bring.add_argument("--name", metavar="NAME", help="how it is named (default: the source's)")
    bring.add_argument(
        "--action-set", default="headroom", metavar="NAME", help="of a .zip (default headroom)"
    )
    bring.add_argument(
        "--activation", choices=("tanh", "relu"), help="of a .zip (default: the algorithm's)"
    )
    add_json(bring)
    bring.set_defaults(execute=_import, parser=bring)


def _list(arguments: argparse.Namespace) -> int:
    from core.agents.registry import list_policies

    entries = list_policies()
    if arguments.json:
        print_json(
            {
                "policies": [
                    {
                        "policy": entry.spec,
                        "origin": entry.origin,
                        "description": entry.description,
                        "path": entry.path,
                    }
                    for entry in entries
                ]
            }
        )
        return 0
    rows = [[entry.spec, entry.origin, entry.description] for entry in entries]
    print_table(["policy", "from", "what it is"], rows, whole=["policy"])
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from core.agents.registry import list_policies, load_policy

    policy = load_policy(arguments.policy)
    entries = {entry.spec: entry for entry in list_policies()}
    entry = entries.get(arguments.policy)
    if policy.action_labels:
        from core.agents.bundle import load_bundle

        directory = (
            entry.path if entry is not None and entry.path is not None else Path(arguments.policy)
        )
        manifest = load_bundle(directory).manifest
        if arguments.json:
            content = manifest.model_dump(mode="json")
            print_json({"policy": policy.name, "path": directory, **content})
        else:
            _print_manifest(policy.name, directory, manifest)
        return 0
    known = entry or entries.get(arguments.policy.partition(":")[0])
    description = known.description if known else policy.name
    if arguments.json:
        print_json({"policy": policy.name, "path": None, "description": description})
    else:
        print(f"{policy.name}: {description}")
    return 0


def _print_manifest(name: str, directory: Path, manifest: Manifest) -> None:
    layers = [manifest.network.inputs, *manifest.network.hidden, manifest.network.outputs]
    print_pairs(
        {
            "policy": name,
            "directory": directory,
            "algorithm": manifest.algorithm.upper(),
            "network": f"{'-'.join(map(str, layers))}, {manifest.network.activation}",
            "observation": f"version {manifest.observation.version}, "
            f"{len(manifest.observation.features)} features",
            "actions": f"{manifest.action_set}, {len(manifest.action_labels)}",
            "inference": manifest.inference,
            "trained on": ", ".join(manifest.scenarios),
            "seed": manifest.seed,
            "steps": f"{manifest.timesteps:,}",
            "created": manifest.created,
            "with": ", ".join(f"{key} {value}" for key, value in manifest.libraries.items()),
            "weights": ", ".join(
                f"{key} {value}" for key, value in manifest.reward_weights.items()
            ),
        }
    )
    if manifest.hyper_parameters:
        print("\nHyper-parameters:")
        print_pairs({key: value for key, value in manifest.hyper_parameters.items()})
    if manifest.evaluation:
        print("\nFigures of an average episode of validation traffic:")
        print_pairs(readable(manifest.evaluation))


def _import(arguments: argparse.Namespace) -> int:
    from core.agents.bundle import load_bundle, save_bundle

    source: Path = arguments.source
    name = arguments.name or source.resolve().name.removesuffix(".zip")
    if source.suffix.lower() == ".zip":
        from console.cli.train import require_training_extra
        from core.agents.sb3_zip import import_sb3_zip

        require_training_extra()
        bundle = import_sb3_zip(
            source, action_set_name=arguments.action_set, activation=arguments.activation
        )
    else:
        bundle = load_bundle(source)
    target = new_policy_directory(name)
    save_bundle(target, bundle)
    if arguments.json:
        print_json({"policy": name, "path": target})
    else:
        print(
            f"Imported {name}. Run it: rlscale-console run --policy {name} --scenario flash-crowd"
        )
    return 0


def new_policy_directory(name: str) -> Path:
    """Where a new policy called `name` is kept.

    Raises:
        InputError: The name is not a plain one, or is taken.
    """
    from console.setup.names import policy_name
    from core.locations import trained_policies_directory

    try:
        return trained_policies_directory() / policy_name(name)
    except InputError as error:
        raise InputError(
            f"expected a free name for the policy, found {name!r}: {error.message}.",
            "Give another with --name.",
        ) from error
