"""Random processes that traffic is made of, in NumPy without loops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LARGEST_EXPONENT = 600.0
"""exp(600) is far from overflow, and exp(-600) vanishes beside anything."""


def autoregressive_noise(
    count: int, correlation_s: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Standard normal AR(1) noise, one value per second, stationary from the start.

    The recursion x[k] = φ·x[k-1] + e[k] with φ = exp(-1/correlation_s) has the closed form
    x[k] = φᵏ · Σ e[j]·φ⁻ʲ, a cumulative sum. It is taken in blocks short enough not to overflow
    and long enough that a block's end does not depend on the block before: exact to rounding.

    Args:
        count: Number of values.
        correlation_s: e-folding time of the autocorrelation, > 0.
        rng: Source of randomness.

    Returns:
        Shape (count,), mean 0 and variance 1.
    """
    phi = np.exp(-1.0 / correlation_s)
    innovations = rng.standard_normal(count)
    innovations[1:] *= np.sqrt(1.0 - phi * phi)
    block = min(count, max(1, int(_LARGEST_EXPONENT * correlation_s)))
    if block == 0:
        return innovations
    blocks = -(-count // block)
    padded = np.zeros(blocks * block)
    padded[:count] = innovations
    decay = np.exp(-np.arange(block) / correlation_s)
    values = np.cumsum(padded.reshape(blocks, block) / decay, axis=1) * decay
    if blocks > 1:
        values[1:] += values[:-1, -1:] * (phi * decay)
    return values.ravel()[:count]


def switching_heights(
    seconds: NDArray[np.float64],
    on_s: float,
    off_s: float,
    spread: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """An on/off process with exponential times and a lognormal height of mean 1 when on.

    Args:
        seconds: Moments, ascending, shape (n,).
        on_s: Mean duration of an on phase.
        off_s: Mean duration of an off phase.
        spread: Sigma of the lognormal height.
        rng: Source of randomness.

    Returns:
        Shape (n,): 0 when off, else the height of the phase.
    """
    if len(seconds) == 0:
        return np.zeros(0)
    begin, end = float(seconds[0]), float(seconds[-1])
    starts_on = bool(rng.random() < on_s / (on_s + off_s))
    edges = np.array([begin])
    while edges[-1] <= end:
        expected = (end - edges[-1]) / (on_s + off_s)
        pairs = int(expected + 3.0 * np.sqrt(expected)) + 4
        first, second = (on_s, off_s) if starts_on else (off_s, on_s)
        durations = rng.exponential(size=(pairs, 2)) * np.array([first, second])
        edges = np.concatenate([edges, edges[-1] + np.cumsum(durations.ravel())])
    phase = np.searchsorted(edges, seconds, side="right") - 1
    heights = np.exp(spread * rng.standard_normal(len(edges)) - 0.5 * spread**2)
    heights[1 if starts_on else 0 :: 2] = 0.0
    return heights[phase]
