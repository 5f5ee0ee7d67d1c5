"""Importing a policy that Stable-Baselines3 saved, without trusting the file.

Such a .zip holds pickles: the entry `data` has cloudpickled objects in it, and the weights are in
torch's format. Only the weights are read, with torch's `weights_only` unpickler that knows nothing
but tensors; `data` is never opened, and whatever is not exactly the tensors of a policy for our
observation and action set is refused.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from core.agents.bundle import PolicyBundle, Tensors, check_bundle
from core.agents.config import Algorithm, InferenceRule
from core.agents.manifest import NetworkLayout, tensor_shapes
from core.agents.papers import Provenance, make_manifest
from core.agents.settings import AgentSettings, DqnSettings, PpoSettings
from core.envs.actions import action_set
from core.envs.observation import FEATURE_NAMES
from core.errors import BundleError

if TYPE_CHECKING:
    import torch

_DEFAULT_ACTIVATION: Final[dict[Algorithm, Literal["tanh", "relu"]]] = {
    Algorithm.PPO: "tanh",
    Algorithm.DQN: "relu",
}
_KNOWN: Final = ("hidden", "activation", "reward_scale")
"""What is known of how it was trained."""
_WEIGHTS_ENTRY: Final = "policy.pth"
_LIMIT_BYTES: Final = 64 << 20
_MOST_ENTRIES: Final = 1000
_HINT: Final = "Save the model with Stable-Baselines3's save() after training on our environment."
_DAMAGE: Final = (
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged or encrypted .zip may raise."""
_LAYER: Final = re.compile(
    r"(?:mlp_extractor\.policy_net|q_net\.q_net)\.(?P<index>[0-9]{1,2})\.weight"
)


def import_sb3_zip(
    path: Path,
    *,
    action_set_name: str = "headroom",
    activation: Literal["tanh", "relu"] | None = None,
) -> PolicyBundle:
    """Read the weights of a PPO or DQN model that was trained on our environment.

    The file does not say in a readable way which activation the network has, nor whether its
    observation was ours; the former can be given, the latter is only checked by its length.

    Args:
        path: The .zip that Stable-Baselines3 wrote.
        action_set_name: What the actions mean.
        activation: Of the hidden layers; None means the algorithm's default in
            Stable-Baselines3 (tanh for PPO, relu for DQN).

    Returns:
        A bundle that can be saved.

    Raises:
        BundleError: The file is not such a model, or holds more than tensors.
    """
    tensors = _load_tensors(_read_weights(path), path)
    is_dqn = any(name.startswith("q_net.") for name in tensors)
    algorithm = Algorithm.DQN if is_dqn else Algorithm.PPO
    if algorithm is Algorithm.DQN:
        tensors = {
            name: one for name, one in tensors.items() if not name.startswith("q_net_target.")
        }
    kind = DqnSettings if algorithm is Algorithm.DQN else PpoSettings
    layout = NetworkLayout(
        inputs=len(FEATURE_NAMES),
        hidden=_hidden(algorithm, tensors, path),
        outputs=len(action_set(action_set_name).labels),
        activation=activation or _DEFAULT_ACTIVATION[algorithm],
    )
    _check_shapes(tensors, tensor_shapes(algorithm, layout), path)
    # As `predict` there: the best action, learned from rewards as the environment gives them.
    settings: AgentSettings = kind(
        hidden=layout.hidden, activation=layout.activation, reward_scale=1.0
    )
    provenance = Provenance(
        action_set=action_set_name, inference=InferenceRule.ARGMAX, scenarios=("imported",)
    )
    manifest = make_manifest(algorithm, layout, settings, provenance, timesteps=0)
    known = {name: manifest.hyper_parameters[name] for name in _KNOWN}
    manifest = manifest.model_copy(update={"hyper_parameters": known})
    weights: Tensors = {name: tensor.numpy().copy() for name, tensor in tensors.items()}
    bundle = PolicyBundle(manifest, weights)
    check_bundle(bundle, str(path))
    return bundle


def _read_weights(path: Path) -> bytes:
    """The entry with the weights, itself a zip in torch's format."""
    try:
        with zipfile.ZipFile(path) as archive:
            content = _read_entry(archive, _WEIGHTS_ENTRY, path)
        with zipfile.ZipFile(io.BytesIO(content)) as inner:
            sizes = [entry.file_size for entry in inner.infolist()]
    except _DAMAGE as error:
        raise BundleError(
            f"expected a .zip of Stable-Baselines3 at {path}, found: {_one_line(error)}.", _HINT
        ) from None
    if len(sizes) > _MOST_ENTRIES or sum(sizes) > _LIMIT_BYTES:
        raise BundleError(
            f"expected at most {_LIMIT_BYTES:,} bytes of weights in {path}, found more.", _HINT
        )
    return content


def _read_entry(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    if name not in archive.namelist():
        raise BundleError(f"expected {name} in {path}, found no such entry.", _HINT)
    with archive.open(name) as stream:
        content = stream.read(_LIMIT_BYTES + 1)
    if len(content) > _LIMIT_BYTES:
        raise BundleError(
            f"expected {name} in {path} to have at most {_LIMIT_BYTES:,} bytes, found more.",
            _HINT,
        )
    return content


def _load_tensors(content: bytes, path: Path) -> dict[str, torch.Tensor]:
    import torch

    try:
        found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:
        # Whatever a hostile file makes the restricted unpickler raise, the answer is the same.
        raise BundleError(
            f"expected nothing but tensors in {path}, found something else "
            f"({type(error).__name__}).",
            "The file may be damaged or hostile; nothing in it was executed.",
        ) from None
    if not isinstance(found, Mapping) or not all(
        isinstance(name, str)
        and isinstance(one, torch.Tensor)
        and one.layout is torch.strided
        and one.dtype is torch.float32
        for name, one in found.items()
    ):
        raise BundleError(f"expected float32 tensors by name in {path}, found others.", _HINT)
    return {name: one.detach() for name, one in found.items()}


def _hidden(
    algorithm: Algorithm, tensors: Mapping[str, torch.Tensor], path: Path
) -> tuple[int, ...]:
    """Units of the hidden layers, from the shapes of the actor or Q-network."""
    layers = sorted(
        (int(match["index"]), one.shape[0])
        for name, one in tensors.items()
        if (match := _LAYER.fullmatch(name)) and len(one.shape) == 2
    )
    units = tuple(count for _, count in layers)
    hidden = units[:-1] if algorithm is Algorithm.DQN else units
    if not 1 <= len(hidden) <= 8 or max(hidden) > 4096 or min(hidden) < 1:
        raise BundleError(
            f"expected one to eight hidden layers of at most 4096 units in {path}, "
            f"found {list(hidden)}.",
            _HINT,
        )
    return hidden


def _check_shapes(
    tensors: Mapping[str, torch.Tensor], shapes: Mapping[str, tuple[int, ...]], path: Path
) -> None:
    """Check names and shapes before anything is copied."""
    for name in sorted(shapes.keys() ^ tensors.keys()):
        found, expected = ("none", "a") if name in shapes else ("one", "no")
        raise BundleError(f"expected {expected} tensor {name!r} in {path}, found {found}.", _HINT)
    for name, shape in shapes.items():
        if tuple(tensors[name].shape) != shape:
            raise BundleError(
                f"expected {name!r} in {path} with shape {list(shape)}, "
                f"found {list(tensors[name].shape)}.",
                _HINT,
            )


def _one_line(error: object) -> str:
    return " ".join(str(error).split()).rstrip(".")[:200]
