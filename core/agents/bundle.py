"""A policy bundle: a directory with `policy.json` and `policy.safetensors`.

Nothing in it is ever unpickled or executed. Whatever does not fit exactly is refused with one
line that says what was expected and what was found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray
from pydantic import ValidationError

from core.agents.bundle_files import (
    MANIFEST_FILE,
    OPTIMIZER_FILE,
    WEIGHTS_FILE,
    read_bounded,
    write_directory,
)
from core.agents.manifest import FORMAT_VERSION, Manifest, tensor_shapes
from core.envs.actions import action_set
from core.envs.observation import FEATURE_NAMES, OBSERVATION_VERSION, observation_hash
from core.errors import BundleError, InputError

_MANIFEST_LIMIT_BYTES: Final = 1 << 20
_TENSORS_LIMIT_BYTES: Final = 64 << 20
_LARGEST_WEIGHT: Final = 1_000_000
_RETRAIN: Final = "Train the policy again with this version."

Tensors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class PolicyBundle:
    """A policy as it is stored: its papers and its weights."""

    manifest: Manifest
    weights: Tensors
    """Arrays by Stable-Baselines3's names, as `manifest.tensor_shapes` lists them."""


def load_bundle(path: Path) -> PolicyBundle:
    """Read a bundle and check all of it.

    Args:
        path: The directory.

    Raises:
        BundleError: Anything is missing, foreign, damaged or too large.
    """
    if not path.is_dir():
        raise BundleError(
            f"expected a policy bundle at {path}, found no such directory.",
            f"A bundle is a directory with {MANIFEST_FILE} and {WEIGHTS_FILE}.",
        )
    manifest = _parse_manifest(read_bounded(path, MANIFEST_FILE, _MANIFEST_LIMIT_BYTES), path)
    content = read_bounded(path, WEIGHTS_FILE, _TENSORS_LIMIT_BYTES)
    _check_digest(content, manifest.weights_sha256, path / WEIGHTS_FILE)
    weights = parse_tensors(content, str(path / WEIGHTS_FILE))
    bundle = PolicyBundle(manifest, weights)
    check_bundle(bundle, str(path))
    return bundle


def load_optimizer(path: Path, manifest: Manifest) -> Tensors:
    """Read the optimiser state beside a bundle.

    Raises:
        BundleError: It is missing or not what the manifest names.
    """
    if manifest.optimizer_sha256 is None:
        raise BundleError(
            f"expected optimiser state in {path}, found none.",
            "Only checkpoints of a training can be resumed.",
        )
    content = read_bounded(path, OPTIMIZER_FILE, _TENSORS_LIMIT_BYTES)
    _check_digest(content, manifest.optimizer_sha256, path / OPTIMIZER_FILE)
    return parse_tensors(content, str(path / OPTIMIZER_FILE))


def save_bundle(
    path: Path,
    bundle: PolicyBundle,
    *,
    optimizer: Mapping[str, NDArray[np.generic]] | None = None,
    others: Mapping[str, bytes] | None = None,
) -> PolicyBundle:
    """Write a bundle atomically, with the digests of what is written.

    Args:
        path: The directory; an older bundle there is replaced.
        bundle: What to write; its digests are computed anew.
        optimizer: Tensors to keep beside it for resuming.
        others: Further files by name, such as a checkpoint's state.

    Returns:
        The bundle with the digests as written.

    Raises:
        BundleError: The bundle is not sound, or the place cannot be written to.
    """
    check_bundle(bundle, "the policy to be saved")
    files = dict(others or {})
    files[WEIGHTS_FILE] = dump_tensors(bundle.weights)
    digests: dict[str, str | None] = {
        "weights_sha256": hashlib.sha256(files[WEIGHTS_FILE]).hexdigest(),
        "optimizer_sha256": None,
    }
    if optimizer is not None:
        files[OPTIMIZER_FILE] = dump_tensors(optimizer)
        digests["optimizer_sha256"] = hashlib.sha256(files[OPTIMIZER_FILE]).hexdigest()
    manifest = bundle.manifest.model_copy(update=digests)
    files[MANIFEST_FILE] = (manifest.model_dump_json(indent=2) + "\n").encode()
    write_directory(path, files)
    return PolicyBundle(manifest, bundle.weights)


def dump_tensors(tensors: Mapping[str, NDArray[np.generic]]) -> bytes:
    """The tensors in safetensors format."""
    # Contiguous, and a scalar stays one.
    copies = {name: np.array(one, order="C", copy=True) for name, one in tensors.items()}
    return bytes(safetensors.numpy.save(copies))


def parse_tensors(content: bytes, source: str) -> Tensors:
    """Arrays by name out of safetensors bytes, which can hold nothing but numbers.

    Raises:
        BundleError: The bytes are no safetensors file, or a type of number is unknown.
    """
    try:
        return safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError, ValueError, TypeError) as error:
        raise BundleError(
            f"expected tensors in {source}, found a damaged file ({_one_line(error)}).", _RETRAIN
        ) from None


def check_bundle(bundle: PolicyBundle, source: str) -> None:
    """Check that weights, network, observation and action set fit together and this version.

    Raises:
        BundleError: Anything does not.
    """
    manifest, layout = bundle.manifest, bundle.manifest.network
    if manifest.observation.hash != observation_hash():
        raise BundleError(
            f"expected observation {observation_hash()} (version {OBSERVATION_VERSION}) in "
            f"{source}, found {manifest.observation.hash} "
            f"(version {manifest.observation.version}).",
            _RETRAIN,
        )
    if manifest.observation.features != FEATURE_NAMES or layout.inputs != len(FEATURE_NAMES):
        raise BundleError(
            f"expected the {len(FEATURE_NAMES)} features of this version in {source}, "
            f"found {len(manifest.observation.features)} for {layout.inputs} inputs.",
            _RETRAIN,
        )
    try:
        labels = action_set(manifest.action_set).labels
    except InputError as error:
        raise BundleError(f"{source}: {error.message}", _RETRAIN) from None
    if manifest.action_labels != labels or layout.outputs != len(labels):
        raise BundleError(
            f"expected the {len(labels)} actions of {manifest.action_set!r} in {source}, "
            f"found {len(manifest.action_labels)} for {layout.outputs} outputs.",
            _RETRAIN,
        )
    check_tensors(bundle.weights, tensor_shapes(manifest.algorithm, layout), source)


def check_tensors(
    tensors: Mapping[str, NDArray[np.generic]],
    shapes: Mapping[str, tuple[int, ...]],
    source: str,
    limit: float | None = _LARGEST_WEIGHT,
) -> None:
    """Check that exactly these tensors are there, float32, finite and within ±`limit`.

    Raises:
        BundleError: One is missing, too many, misshapen, of another type or not finite.
    """
    for name in sorted(shapes.keys() - tensors.keys()):
        raise BundleError(f"expected tensor {name!r} in {source}, found none.", _RETRAIN)
    for name in sorted(tensors.keys() - shapes.keys()):
        raise BundleError(f"expected no tensor {name!r} in {source}, found one.", _RETRAIN)
    for name, shape in shapes.items():
        tensor = tensors[name]
        if tensor.shape != shape or tensor.dtype != np.float32:
            raise BundleError(
                f"expected {name!r} in {source} as float32 {list(shape)}, "
                f"found {tensor.dtype} {list(tensor.shape)}.",
                _RETRAIN,
            )
        sound = np.isfinite(tensor) if limit is None else np.abs(tensor) <= limit
        if not sound.all():
            words = "finite numbers" if limit is None else f"numbers within ±{limit:,}"
            raise BundleError(
                f"expected {words} in {name!r} of {source}, found larger ones, NaN or Inf.",
                _RETRAIN,
            )


def _parse_manifest(content: bytes, path: Path) -> Manifest:
    source = path / MANIFEST_FILE
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"expected JSON in {source}, found: {_one_line(error)}.") from None
    version = values.get("format_version") if isinstance(values, dict) else None
    if version != FORMAT_VERSION:
        raise BundleError(
            f"expected bundle format {FORMAT_VERSION} in {source}, found {version!r}.",
            _RETRAIN,
        )
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        raise BundleError(
            f"expected a valid {place!r} in {source}, found: {_one_line(first['msg'])}.", _RETRAIN
        ) from None


def _check_digest(content: bytes, expected: str, path: Path) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise BundleError(
            f"expected {path} with SHA-256 {expected[:12]}…, found {found[:12]}….",
            "The file was changed or damaged after it was saved; get it again from its source.",
        )


def _one_line(error: object) -> str:
    return " ".join(str(error).split()).rstrip(".")[:200]
