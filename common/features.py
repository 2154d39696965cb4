"""Samples to the numbers of the layout: every descriptor's series, then statistics over the song.

Conventions
-----------
Samples are mono float32 at ``layout.SAMPLE_RATE``, shape (n_samples,). A *series* is a descriptor over
time, shape (size, n_frames); frame ``i`` is centred on sample ``i * HOP_LENGTH``. Every descriptor equals
the librosa function of its name called on the samples (tests hold that literal form); here the work they
share is done once (`spectrum`, `chroma`, `rhythm`), in blocks of frames, so that a ten-hour mix needs little
more memory than its samples.

The order of the numbers lives in ``layout``; this module is driven by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from common import filters, kernels
from common.chroma import constant_q_chroma
from common.console import Check
from common.layout import HOP_LENGTH, LAYOUT, N_FEATURES, N_FFT
from common.rhythm import estimate_tempo, onset_strength
from common.spectrum import Listen, SpectralPass, frame_count, mfcc, spectral_pass, to_decibels

MIN_FRAMES = 9
"""Frames that the delta filter needs (librosa's default width)."""

ZERO_CROSSING_DEAD_ZONE = np.float32(1e-10)
"""Amplitudes up to this count as zero; librosa's."""

Series = dict[str, np.ndarray]
"""Descriptor -> its values over time, shape (size, n_frames)."""


class FeatureError(ValueError):
    """The samples do not give a valid embedding; the message names the block."""


def extract(samples: np.ndarray, check: Check = lambda: None) -> np.ndarray:
    """Compute the embedding of a song.

    Parameters
    ----------
    samples
        The song, mono float32 at 22 050 Hz, shape (n_samples,), finite, at least nine frames long.
    check
        A function called between blocks of frames; what it raises ends the work.

    Returns
    -------
    ndarray
        float32, shape (``N_FEATURES``,), in the order of ``layout.LAYOUT``.

    Raises
    ------
    FeatureError
        If the samples are too short, or a block comes out with the wrong size or not finite.
    """
    return summarise(describe(samples, check))


def describe(
    samples: np.ndarray, check: Check = lambda: None, listen: Listen = lambda spectrum: None
) -> Series:
    """Compute every descriptor's series.

    Parameters
    ----------
    samples, check
        The song and the function, as in `extract`.
    listen
        A function that is given the magnitudes of every block of frames, for what is no descriptor.

    Returns
    -------
    dict
        Source name of the layout -> array (size, n_frames). ``mel`` is in dB under the song's loudest
        value; ``tempo`` is (1, 1), in BPM, 0 where no pulse was found.

    Raises
    ------
    FeatureError
        If there are fewer than nine frames of samples.
    """
    samples = np.ascontiguousarray(samples, dtype=np.float32)
    if samples.ndim != 1:
        raise FeatureError(f"samples have shape {samples.shape}; one channel, (n_samples,), is needed")
    if frame_count(samples) < MIN_FRAMES:
        raise FeatureError(f"{samples.size} samples are fewer than {MIN_FRAMES} frames")
    spectral = spectral_pass(samples, check, listen)
    series = spectral_series(spectral)
    tempo = estimate_tempo(onset_strength(series["mel"].T))
    series["mel"] -= series["mel"].max()
    chroma = constant_q_chroma(samples, spectral.tuning, check)
    return series | {
        "chroma": chroma,
        "zero_crossing_rate": zero_crossing_rate(samples)[None],
        "tempo": np.array([[tempo]]),
        "rms": rms(samples)[None],
        "tonnetz": filters.tonal_centroids(chroma),
    }


def spectral_series(spectral: SpectralPass) -> Series:
    """Turn what a pass over spectra leaves into series; powers become dB in place.

    Parameters
    ----------
    spectral
        The pass; its arrays are used up.

    Returns
    -------
    dict
        The descriptors of `describe` that are taken from spectra alone; here ``mel`` is in dB of power 1.
    """
    level = to_decibels(spectral.mel)
    contrast = to_decibels(spectral.peaks)
    contrast -= to_decibels(spectral.valleys)
    return {
        "mfcc": mfcc(level),
        "spectral_centroid": spectral.moments[:, 0][None],
        "spectral_bandwidth": spectral.moments[:, 1][None],
        "spectral_rolloff": spectral.moments[:, 2][None],
        "spectral_flatness": spectral.moments[:, 3][None],
        "spectral_contrast": contrast.T,
        "mel": level.T,
    }


Statistic = Callable[[np.ndarray], np.ndarray]
"""From a series (size, n_frames), or its rows in ascending order, to (size,) numbers."""

OF_TIME: dict[str, Statistic] = {
    "mean": lambda series: series.mean(axis=1, dtype=np.float64),
    "std": lambda series: series.std(axis=1, dtype=np.float64),
    "delta_mean": filters.mean_delta,
    "value": lambda series: series[:, 0],
}
"""Statistics of the layout that are taken of a series as it is."""

OF_ORDER: dict[str, Statistic] = {
    "median": lambda ordered: _percentile(ordered, 50),
    "p25": lambda ordered: _percentile(ordered, 25),
    "p75": lambda ordered: _percentile(ordered, 75),
}
"""Statistics that are taken of a series in ascending order."""

ROWS_IN_ORDER = 16
"""Rows that are put in order together: few, to spare memory, but as many as a line of the cache holds."""


def _percentile(ordered: np.ndarray, percent: float) -> np.ndarray:
    """Percentile of every row, linear between neighbours."""
    place = percent / 100 * (ordered.shape[1] - 1)
    below = int(place)
    above = min(below + 1, ordered.shape[1] - 1)
    return ordered[:, below] + (place - below) * (ordered[:, above] - ordered[:, below])


def _statistics(series: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Some statistics of a series; its rows are put in order once for all of them."""
    values = {name: OF_TIME[name](series) for name in names if name in OF_TIME}
    of_order = [name for name in names if name in OF_ORDER]
    if of_order:
        parts = []
        for start in range(0, len(series), ROWS_IN_ORDER):
            ordered = np.sort(series[start : start + ROWS_IN_ORDER], axis=1)
            parts.append([OF_ORDER[name](ordered) for name in of_order])
        values |= dict(zip(of_order, map(np.concatenate, zip(*parts, strict=True)), strict=True))
    return values


def summarise(series: Series) -> np.ndarray:
    """Take the layout's statistics of every series.

    Parameters
    ----------
    series
        The descriptors of the song, as `describe` returns them.

    Returns
    -------
    ndarray
        float32, shape (``N_FEATURES``,).

    Raises
    ------
    FeatureError
        If a block has the wrong size or holds NaN or infinity; the message names it.
    """
    taken = {
        source: _statistics(series[source], [block.statistic for block in LAYOUT if block.source == source])
        for source in dict.fromkeys(block.source for block in LAYOUT)
    }
    parts = []
    for block in LAYOUT:
        values = np.asarray(taken[block.source][block.statistic], dtype=np.float32)
        if values.shape != (block.size,):
            raise FeatureError(f"{block.name} has shape {values.shape}, not ({block.size},)")
        if not np.isfinite(values).all():
            raise FeatureError(f"{block.name} holds NaN or infinity")
        parts.append(values)
    embedding = np.concatenate(parts)
    if embedding.shape != (N_FEATURES,):
        raise FeatureError(f"the embedding has {embedding.size} numbers, not {N_FEATURES}")
    return embedding


def _hop_sums(per_hop: np.ndarray) -> np.ndarray:
    """Sum of each frame's hops, from sums per hop that begin half a frame before the first sample."""
    hops = N_FFT // HOP_LENGTH
    running = np.concatenate([[0], np.cumsum(per_hop)])
    return running[hops:] - running[:-hops]


def rms(samples: np.ndarray) -> np.ndarray:
    """Root mean square of every frame, (n_frames,); librosa's ``rms``."""
    n_frames = frame_count(samples)
    lead = N_FFT // HOP_LENGTH // 2
    energy = np.zeros(n_frames + N_FFT // HOP_LENGTH - 1)
    whole = samples.size // HOP_LENGTH
    hops = samples[: whole * HOP_LENGTH].reshape(-1, HOP_LENGTH)
    energy[lead : lead + whole] = np.einsum("ij,ij->i", hops, hops)
    rest = samples[whole * HOP_LENGTH :]
    energy[lead + whole] = rest @ rest
    return np.sqrt(np.maximum(_hop_sums(energy), 0) / N_FFT)


def zero_crossing_rate(samples: np.ndarray) -> np.ndarray:
    """Share of samples in every frame at which the sign changes, (n_frames,).

    librosa repeats the first and last sample beyond the ends, and does not count a frame's first sample.
    """
    n_frames = frame_count(samples)
    lead = N_FFT // HOP_LENGTH // 2
    crossings = np.zeros(n_frames + N_FFT // HOP_LENGTH - 1, np.int64)
    kernels.crossings_per_hop(samples, HOP_LENGTH, ZERO_CROSSING_DEAD_ZONE, crossings[lead:])
    starts = (np.arange(n_frames) - lead) * HOP_LENGTH
    inner = (starts > 0) & (starts < samples.size)
    below = samples[np.clip([starts, starts - 1], 0, samples.size - 1)] < -ZERO_CROSSING_DEAD_ZONE
    return (_hop_sums(crossings) - (inner & (below[0] != below[1]))) / N_FFT
