"""How loud a song is: integrated loudness, loudness range, true peak, from the file's own channels and rate.

Conventions
-----------
Loudness is in LUFS (ITU-R BS.1770-4), loudness range in LU (EBU Tech 3342), true peak in dBTP. Audio comes
block by block, float32, shape (n_frames, n_channels), so that a mix of hours needs no more memory than a
block. A value that the standard does not define for what was heard (nothing above the gate, less than a
window) is None.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy  # its part for signals is imported where it is called first, for it takes half a second

from common.lanes import LANES
from common.structure import kernels

ABSOLUTE_GATE = -70.0
"""LUFS below which a window never counts."""

RELATIVE_GATE, RANGE_GATE = -10.0, -20.0
"""LU under the mean of what passed the first gate: for loudness, and for loudness range."""

MOMENTARY, SHORT_TERM = 4, 30
"""Tenths of a second in a window of loudness and of loudness range."""

RANGE_STEP = 1
"""Tenths of a second between windows of loudness range."""

OFFSET = -0.691
"""dB that make a sine of 997 Hz at full scale on one channel read -3.01 LUFS."""

SURROUND = 1.41
"""Weight of a channel at the side or behind; the subwoofer's is 0."""

CHANNEL_WEIGHTS = {
    5: (1.0, 1.0, 1.0, SURROUND, SURROUND),
    6: (1.0, 1.0, 1.0, 0.0, SURROUND, SURROUND),
}
"""Channels of a file -> weight of each, in the order of WAV and FLAC; elsewhere every channel counts 1."""

SHELF = (1681.974450955533, 3.999843853973347, 0.7071752369554196)
HIGH_PASS = (38.13547087602444, 0.5003270373238773)
"""Frequency (Hz), gain (dB) and Q of the K-weighting's filters. The standard gives coefficients for 48 kHz;
these make the same filters at any rate: B. De Man, "Evaluation of implementations of the EBU R128 loudness
measurement", AES 145 (2018)."""

OVERSAMPLED_RATE = 192_000
"""Hz that a true peak is sought at, or the next multiple of the file's own rate; at most four times it."""

TAPS = 20
"""Samples that a value between two of them is computed from."""

PART = 1 << 14
"""Frames that are taken at a time, so that they stay in the processor's cache."""


@dataclass(frozen=True)
class Loudness:
    """How loud a song is.

    Attributes
    ----------
    integrated
        LUFS over the whole song; None if nothing passes the gate.
    range
        LU between quiet and loud passages; None below three seconds, or if nothing passes the gate.
    true_peak
        Highest level between samples too, in dB of full scale; None in digital silence.
    channels
        LUFS of every channel by itself, neither gated nor weighted by its place; None in digital silence.
    """

    integrated: float | None
    range: float | None
    true_peak: float | None
    channels: tuple[float | None, ...] = ()


class LoudnessMeter:
    """Hears a song block by block.

    Parameters
    ----------
    rate
        Frames in a second.
    channels
        The number of channels of the blocks that follow.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._n_frames = 0
        self._pairs = [(first, min(first + 1, channels - 1)) for first in range(0, channels, 2)]
        self._state = np.zeros((len(self._pairs), 2, LANES))
        self._energy = np.zeros((len(self._pairs), 1024, 2))
        self._between = _interpolator(max(1, min(4, math.ceil(OVERSAMPLED_RATE / rate))))
        # What a value between samples needs of the part before, and the part itself, channel by channel.
        self._joined = np.zeros((channels, TAPS - 1 + PART), np.float32)
        self._n_joined = TAPS - 1
        self._peak = 0.0

    def add(self, block: np.ndarray) -> None:
        """Hear the next block, float32, shape (n_frames, n_channels)."""
        block = np.ascontiguousarray(block, np.float32)
        while len(block):
            taken = block[: self._joined.shape[1] - self._n_joined]
            kernels.take_apart(taken, self._joined, self._n_joined)
            self._n_joined += len(taken)
            block = block[len(taken) :]
            if self._n_joined == self._joined.shape[1]:
                self._hear()

    def _hear(self) -> None:
        """Take the next part: always as many frames, so that the length of the blocks does not show."""
        joined = self._joined[:, : self._n_joined]
        channels = joined[:, TAPS - 1 :]
        self._reserve(self._n_frames + channels.shape[1])
        for number, (one, other) in enumerate(self._pairs):
            kernels.add_weighted_energy(
                channels[one],
                channels[other],
                self._n_frames,
                self._rate,
                *_k_weighting(self._rate),
                self._state[number],
                self._energy[number],
            )
        self._n_frames += channels.shape[1]
        self._seek_peak(joined)
        self._joined[:, : TAPS - 1] = joined[:, 1 - TAPS :].copy()
        self._n_joined = TAPS - 1

    def _reserve(self, n_frames: int) -> None:
        needed = n_frames * 10 // self._rate + 1
        while needed > self._energy.shape[1]:
            self._energy = np.concatenate([self._energy, np.zeros_like(self._energy)], axis=1)

    def _seek_peak(self, joined: np.ndarray) -> None:
        for samples in joined:
            self._peak = kernels.highest_between(samples, *self._between, self._peak)

    def finish(self) -> Loudness:
        """Say how loud it was."""
        self._hear()
        self._seek_peak(np.pad(self._joined[:, : TAPS - 1], ((0, 0), (0, TAPS - 1))))
        whole = self._n_frames * 10 // self._rate
        n_channels = len(self._joined)
        energy = np.concatenate(self._energy, axis=1)[:whole, :n_channels]
        weights = CHANNEL_WEIGHTS.get(n_channels, (1.0,) * n_channels)
        power = energy @ np.array(weights) * (10 / self._rate)
        peak = 20 * math.log10(self._peak) if self._peak > 0 else None
        return Loudness(_integrated(power), _range(power), peak, _alone(energy * (10 / self._rate)))


def measure(samples: np.ndarray, rate: int) -> Loudness:
    """Measure audio that is all there.

    Parameters
    ----------
    samples
        Shape (n_frames, n_channels), or (n_frames,) for one channel.
    rate
        Frames in a second.
    """
    samples = samples[:, None] if samples.ndim == 1 else samples
    meter = LoudnessMeter(rate, samples.shape[1])
    meter.add(samples)
    return meter.finish()


def _windows(power: np.ndarray, length: int, step: int) -> np.ndarray:
    """Mean power of windows of tenths of a second, those that are whole."""
    if power.size < length:
        return np.empty(0)
    return np.lib.stride_tricks.sliding_window_view(power, length)[::step].mean(axis=1)


def _lufs(power: np.ndarray | float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return OFFSET + 10 * np.log10(power)


def _gated(power: np.ndarray, relative: float) -> np.ndarray:
    """Windows above the absolute gate, and above a gate relative to their mean."""
    power = power[_lufs(power) > ABSOLUTE_GATE]
    return power[_lufs(power) > _lufs(power.mean()) + relative] if power.size else power


def _integrated(power: np.ndarray) -> float | None:
    loud = _gated(_windows(power, MOMENTARY, 1), RELATIVE_GATE)
    return float(_lufs(loud.mean())) if loud.size else None


def _alone(power: np.ndarray) -> tuple[float | None, ...]:
    """Loudness of every channel by itself; power has the shape (n_tenths, n_channels)."""
    sums = power.sum(axis=0)
    return tuple(float(_lufs(value / len(power))) if value > 0 else None for value in sums)


def _range(power: np.ndarray) -> float | None:
    loud = _gated(_windows(power, SHORT_TERM, RANGE_STEP), RANGE_GATE)
    if not loud.size:
        return None
    quiet, high = np.percentile(_lufs(loud), (10, 95))
    return float(high - quiet)


@cache
def _k_weighting(rate: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The shelf and the high-pass as biquads (b0, b1, b2, a1, a2 each), and eight frames of both ahead."""
    frequency, gain, q = SHELF
    k = math.tan(math.pi * min(frequency / rate, 0.49))
    high = 10 ** (gain / 20)
    band = high**0.4996667741545416
    scale = 1 + k / q + k * k
    shelf = (high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k)
    poles = (2 * (k * k - 1), 1 - k / q + k * k)
    frequency, q = HIGH_PASS
    k = math.tan(math.pi * frequency / rate)
    floor = 1 + k / q + k * k
    rumble = (1.0, -2.0, 1.0, 2 * (k * k - 1) / floor, (1 - k / q + k * k) / floor)
    biquads = np.array([*shelf, *poles]) / scale, np.array(rumble)
    return *biquads, _ahead(*biquads)


def _ahead(shelf: np.ndarray, high_pass: np.ndarray) -> np.ndarray:
    """What `kernels.add_weighted_energy` needs to take eight frames at a time: the filters' answers to a
    single frame, and to a single remembered value.
    """
    inputs = np.eye(12, LANES)
    first, second = np.eye(12, 2, -8), np.eye(12, 2, -10)
    between, first = scipy.signal.lfilter(shelf[:3], [1, *shelf[3:]], inputs, zi=first)
    out, second = scipy.signal.lfilter(high_pass[:3], [1, *high_pass[3:]], between, zi=second)
    after = np.pad(np.concatenate([first, second], axis=1), ((0, 0), (0, LANES - 4)))
    return np.concatenate([out, after]).ravel()


@cache
def _interpolator(factor: int) -> tuple[np.ndarray, float]:
    """Filters for the values between two samples, and how far those stray from the straight line.

    Returns
    -------
    phases
        float32, shape (factor - 1, TAPS). Each leaves a straight line as it is, so what it adds to the
        line is a filter of second differences.
    bend_share
        Largest sum of magnitudes of those filters.
    """
    if factor == 1:  # the samples lie close enough together
        return np.empty((0, TAPS), np.float32), 0.0
    steps = np.arange(TAPS)
    taps = factor * scipy.signal.firwin(TAPS * factor + 1, 1 / factor, window=("kaiser", 5.0))
    window = scipy.signal.get_window("hann", TAPS + 1, fftbins=False)[:TAPS] + 1e-3
    moments = np.array([[window.sum(), window @ steps], [window @ steps, window @ steps**2]])
    phases, shares = np.empty((factor - 1, TAPS), np.float32), [0.0]
    for number in range(1, factor):
        place = TAPS / 2 - number / factor
        filtered = taps[number : TAPS * factor : factor]
        level, slope = np.linalg.solve(moments, [1 - filtered.sum(), place - filtered @ steps])
        filtered = filtered + window * (level + slope * steps)
        line = np.maximum(0, 1 - np.abs(steps - place))
        shares.append(np.abs(np.cumsum(np.cumsum(filtered - line))).sum())
        phases[number - 1] = filtered
    return phases, max(shares)
