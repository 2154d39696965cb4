"""Samples to the numbers of the layout: frame-level descriptors, then statistics over the song.

Conventions
-----------
Samples are mono float32 at ``layout.SAMPLE_RATE``, shape (n_samples,). A *series* is a descriptor over
time, shape (size, n_frames); frame ``i`` is centred on sample ``i * HOP_LENGTH``. Every descriptor equals
the librosa function of its name called on the samples (tests hold that literal form); here the work they
share is done once, in blocks of frames, so that a ten-hour mix needs little more memory than its samples.

The order of the numbers lives in ``layout``; this module is driven by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import librosa
import numpy as np
import scipy.fft
import soxr

from common import kernels
from common.layout import (
    BINS_PER_OCTAVE,
    CONTRAST_FMIN,
    HOP_LENGTH,
    LAYOUT,
    N_CONTRAST_BANDS,
    N_FEATURES,
    N_FFT,
    N_MELS,
    N_MFCC,
    N_OCTAVES,
    PULSE_SIGNIFICANCE,
    ROLLOFF,
    SAMPLE_RATE,
)

MIN_FRAMES = 9
"""Frames that the delta filter needs (librosa's default width)."""

BLOCK = 256
"""Frames analysed together: small enough to stay in the processor's cache."""

POWER_FLOOR, DYNAMIC_RANGE = 1e-10, 80.0
"""``amin`` and ``top_db`` (dB) of librosa's ``power_to_db``."""

CONTRAST_QUANTILE = 0.02
ZERO_CROSSING_DEAD_ZONE = np.float32(1e-10)
PEAK_RANGE, PEAK_THRESHOLD, TUNING_RESOLUTION = (150.0, 4000.0), 0.1, 0.01
"""Where librosa's ``piptrack`` looks for pitches (Hz), how high they must be, and how finely its
``pitch_tuning`` counts them."""

TEMPO_WINDOW = 8.0
"""Seconds over which librosa's ``tempo`` correlates onsets."""

Series = dict[str, np.ndarray]
Check = Callable[[], None]
"""Called between blocks of work; raises to stop it."""


class FeatureError(ValueError):
    """The samples do not give a valid embedding; the message names the block."""


def extract(samples: np.ndarray, check: Check = lambda: None) -> np.ndarray:
    """Compute the embedding of a song.

    Parameters
    ----------
    samples
        Mono float32 at 22 050 Hz, shape (n_samples,), finite, at least nine frames long.
    check
        Called between blocks of frames; what it raises ends the work.

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


def describe(samples: np.ndarray, check: Check = lambda: None) -> Series:
    """Compute every descriptor's series.

    Parameters
    ----------
    samples, check
        As in `extract`.

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
    spectral = _spectral_pass(samples, check)
    level = _to_decibels(spectral.mel)
    mfcc = _mfcc(level)
    tempo = _tempo(_onset_strength(level))
    level -= level.max()
    contrast = _to_decibels(spectral.peaks)
    contrast -= _to_decibels(spectral.valleys)
    chroma = _chroma(samples, spectral.tuning, check)
    return {
        "mfcc": mfcc,
        "chroma": chroma,
        "spectral_centroid": spectral.moments[:, 0][None],
        "spectral_bandwidth": spectral.moments[:, 1][None],
        "spectral_rolloff": spectral.moments[:, 2][None],
        "spectral_flatness": spectral.moments[:, 3][None],
        "spectral_contrast": contrast.T,
        "zero_crossing_rate": _zero_crossing_rate(samples)[None],
        "tempo": np.array([[tempo]]),
        "rms": _rms(samples)[None],
        "tonnetz": librosa.feature.tonnetz(chroma=chroma, sr=SAMPLE_RATE),
        "mel": level.T,
    }


STATISTICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean": lambda series: series.mean(axis=1, dtype=np.float64),
    "std": lambda series: series.std(axis=1, dtype=np.float64),
    "median": lambda series: _percentile(series, 50),
    "p25": lambda series: _percentile(series, 25),
    "p75": lambda series: _percentile(series, 75),
    "delta_mean": lambda series: librosa.feature.delta(series).mean(axis=1, dtype=np.float64),
    "value": lambda series: series[:, 0],
}
"""Statistic of the layout -> function from a series (size, n_frames) to its (size,) numbers."""


def _percentile(series: np.ndarray, percent: float) -> np.ndarray:
    """Percentile of every row (linear between neighbours), one row at a time to spare memory."""
    place = percent / 100 * (series.shape[1] - 1)
    below = int(place)
    above = min(below + 1, series.shape[1] - 1)
    values = np.empty(len(series))
    for number, row in enumerate(series):
        ordered = np.sort(row)
        values[number] = ordered[below] + (place - below) * (ordered[above] - ordered[below])
    return values


def summarise(series: Series) -> np.ndarray:
    """Take the layout's statistics of every series.

    Parameters
    ----------
    series
        What `describe` returns.

    Returns
    -------
    ndarray
        float32, shape (``N_FEATURES``,).

    Raises
    ------
    FeatureError
        If a block has the wrong size or holds NaN or infinity; the message names it.
    """
    parts = []
    for block in LAYOUT:
        values = np.asarray(STATISTICS[block.statistic](series[block.source]), dtype=np.float32)
        if values.shape != (block.size,):
            raise FeatureError(f"{block.name} has shape {values.shape}, not ({block.size},)")
        if not np.isfinite(values).all():
            raise FeatureError(f"{block.name} holds NaN or infinity")
        parts.append(values)
    embedding = np.concatenate(parts)
    if embedding.shape != (N_FEATURES,):
        raise FeatureError(f"the embedding has {embedding.size} numbers, not {N_FEATURES}")
    return embedding


def frame_count(samples: np.ndarray) -> int:
    """Number of frames of a song: one per started hop."""
    return 1 + len(samples) // HOP_LENGTH


def _frames(samples: np.ndarray, length: int, hop: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Cut samples into centred frames with zeros beyond both ends, block by block.

    Yields which frames, and their samples as (n_frames_of_block, length), without copying inside.
    """
    n_frames = 1 + samples.size // hop
    for start in range(0, n_frames, BLOCK):
        stop = min(start + BLOCK, n_frames)
        first, last = start * hop - length // 2, (stop - 1) * hop + length // 2
        inside = samples[max(first, 0) : max(last, 0)]
        if inside.size < last - first:
            lead = max(-first, 0)
            inside = np.pad(inside, (lead, last - first - lead - inside.size))
        yield slice(start, stop), np.lib.stride_tricks.sliding_window_view(inside, length)[::hop]


@dataclass(frozen=True)
class _SpectralPass:
    """What one pass over the STFT leaves behind; first axis is the frame."""

    moments: np.ndarray
    peaks: np.ndarray
    valleys: np.ndarray
    mel: np.ndarray
    tuning: float


def _spectral_pass(samples: np.ndarray, check: Check) -> _SpectralPass:
    n_frames = frame_count(samples)
    moments = np.empty((n_frames, 4))
    peaks, valleys = np.empty((2, n_frames, N_CONTRAST_BANDS))
    mel = np.empty((n_frames, N_MELS), np.float32)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    edges, counts = _contrast_bands()
    window = _window()
    for where, frames in _frames(samples, N_FFT, HOP_LENGTH):
        check()
        # librosa transforms in double precision and keeps single: flatness and contrast can tell.
        transformed = scipy.fft.rfft(frames * window, axis=1, overwrite_x=True).astype(np.complex64)
        spectrum = np.abs(transformed)
        kernels.spectral_moments(spectrum, SAMPLE_RATE / N_FFT, ROLLOFF, moments[where])
        kernels.band_extremes(spectrum, edges, counts, peaks[where], valleys[where])
        kernels.mel_power(spectrum, *_mel_filters(), mel[where])
        found.append(_pitch_deviations(spectrum))
    deviations, heights = (np.concatenate(part) for part in zip(*found, strict=True))
    return _SpectralPass(moments, peaks, valleys, mel, _tuning(deviations, heights))


@cache
def _window() -> np.ndarray:
    return librosa.filters.get_window("hann", N_FFT, fftbins=True)


@cache
def _mel_filters() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    weights = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS)
    return weights, *_support(weights != 0)


def _support(used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First used column of every row, and one past the last."""
    return used.argmax(axis=1), used.shape[1] - used[:, ::-1].argmax(axis=1)


@cache
def _contrast_bands() -> tuple[np.ndarray, np.ndarray]:
    """Bins of the contrast bands as librosa cuts them, and how many make a peak or a valley.

    A band includes its lower neighbour's last bin, and all but the last band give up their own last.
    """
    frequencies = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=N_FFT)
    octaves = CONTRAST_FMIN * 2.0 ** np.arange(N_CONTRAST_BANDS)
    edges, counts = [], []
    for band, (low, high) in enumerate(zip([0.0, *octaves[:-1]], octaves, strict=True)):
        inside = np.flatnonzero((frequencies >= low) & (frequencies <= high))
        is_last = band == N_CONTRAST_BANDS - 1
        first = inside[0] - (band > 0)
        last = frequencies.size if is_last else inside[-1] + 1
        counts.append(max(1, int(np.rint(CONTRAST_QUANTILE * (last - first)))))
        edges.append((first, last if is_last else last - 1))
    return np.array(edges), np.array(counts)


def _pitch_deviations(spectrum: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far a block's spectral peaks are from the nearest constant-Q bin, and how high they are.

    Returns
    -------
    deviations
        uint8, the index into `_tunings` below the deviation.
    heights
        float32, interpolated magnitudes.
    """
    frequencies = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=N_FFT)
    first, last = np.searchsorted(frequencies, PEAK_RANGE)
    positions, heights = np.empty((2, spectrum.shape[0] * (last - first)), np.float32)
    found = kernels.spectral_peaks(spectrum, first, last, PEAK_THRESHOLD, positions, heights)
    pitches = positions[:found] * np.float32(SAMPLE_RATE) / np.float32(N_FFT)
    deviations = np.mod(BINS_PER_OCTAVE * librosa.hz_to_octs(pitches), 1.0)
    deviations[deviations >= 0.5] -= 1.0
    below = np.searchsorted(_tunings(), deviations, side="right") - 1
    return below.astype(np.uint8), heights[:found].copy()


@cache
def _tunings() -> np.ndarray:
    """Deviations that are told apart, in constant-Q bins, -0.5 to 0.5."""
    return np.linspace(-0.5, 0.5, round(1 / TUNING_RESOLUTION) + 1)


def _tuning(deviations: np.ndarray, heights: np.ndarray) -> float:
    """Most frequent deviation of the higher half of the peaks; librosa's ``estimate_tuning``."""
    if not deviations.size:
        return 0.0
    counts = np.bincount(deviations[heights >= np.median(heights)])
    return float(_tunings()[counts.argmax()])


def _to_decibels(power: np.ndarray) -> np.ndarray:
    """Turn power into dB in place, no lower than 80 dB under its maximum; librosa's ``power_to_db``."""
    np.maximum(POWER_FLOOR, power, out=power)
    np.log10(power, out=power)
    power *= 10
    return np.maximum(power, power.max() - DYNAMIC_RANGE, out=power)


def _mfcc(level: np.ndarray) -> np.ndarray:
    """Cepstral coefficients (N_MFCC, n_frames) of mel levels (n_frames, N_MELS) in dB."""
    coefficients = np.empty((level.shape[0], N_MFCC), level.dtype)
    for start in range(0, level.shape[0], BLOCK):
        block = slice(start, start + BLOCK)
        coefficients[block] = scipy.fft.dct(level[block], axis=1, type=2, norm="ortho")[:, :N_MFCC]
    return coefficients.T


@dataclass(frozen=True)
class _OctaveFilters:
    """One octave of constant-Q filters; halving the sampling rate moves them down an octave."""

    real: np.ndarray
    imaginary: np.ndarray
    first: np.ndarray
    last: np.ndarray
    n_fft: int
    lengths: np.ndarray
    pitch_class: np.ndarray


@cache
def _octave_filters(tuning: float) -> _OctaveFilters:
    """Filters of the top octave in the frequency domain, as librosa's ``cqt`` builds them."""
    lowest = librosa.note_to_hz("C1") * 2.0 ** (tuning / BINS_PER_OCTAVE)
    n_bins = N_OCTAVES * BINS_PER_OCTAVE
    frequencies = librosa.cqt_frequencies(n_bins, fmin=lowest, bins_per_octave=BINS_PER_OCTAVE)
    step = 2.0 ** (2 / BINS_PER_OCTAVE)
    alpha = np.full(BINS_PER_OCTAVE, (step - 1) / (step + 1))
    basis, lengths = librosa.filters.wavelet(
        freqs=frequencies[-BINS_PER_OCTAVE:], sr=SAMPLE_RATE, alpha=alpha, gamma=0, norm=1
    )
    n_fft = basis.shape[1]
    basis = np.fft.fft(basis * lengths[:, None] / n_fft, axis=1)[:, : n_fft // 2 + 1]
    basis = librosa.util.sparsify_rows(basis, quantile=0.01, dtype=np.complex64).toarray()
    to_chroma = librosa.filters.cq_to_chroma(n_bins, bins_per_octave=BINS_PER_OCTAVE)
    return _OctaveFilters(
        np.ascontiguousarray(basis.real),
        np.ascontiguousarray(basis.imag),
        *_support(basis != 0),
        n_fft,
        lengths,
        to_chroma.argmax(axis=0)[-BINS_PER_OCTAVE:],
    )


def _chroma(samples: np.ndarray, tuning: float, check: Check) -> np.ndarray:
    """Constant-Q chroma (12, n_frames), each frame's largest value 1; librosa's ``chroma_cqt``.

    Source: C. Schörkhuber, A. Klapuri, "Constant-Q transform toolbox for music processing", SMC 2010.
    """
    filters = _octave_filters(tuning)
    # Every octave stretches the filters twofold; librosa divides by the root of their true length and
    # multiplies by the root of the decimation, so the same scale serves all octaves.
    scale = (1 / np.sqrt(filters.lengths)).astype(np.float32)
    chroma = np.zeros((frame_count(samples), 12), np.float32)
    n_frames = len(chroma)
    hop = HOP_LENGTH
    for octave in range(N_OCTAVES):
        if octave:
            samples, hop = _halve(samples), hop // 2
        n_frames = min(n_frames, 1 + samples.size // hop)
        for where, frames in _frames(samples, filters.n_fft, hop):
            check()
            _add_octave(filters, scale, frames, chroma[where])
    chroma = chroma[:n_frames].T
    largest = chroma.max(axis=0)
    return chroma / np.where(largest < np.finfo(np.float32).tiny, 1, largest)


def _add_octave(filters: _OctaveFilters, scale: np.ndarray, frames: np.ndarray, chroma: np.ndarray) -> None:
    """Add one octave's magnitudes of a block of frames to its rows of the chroma."""
    kernels.constant_q_chroma(
        scipy.fft.rfft(frames[: len(chroma)], axis=1),
        filters.real,
        filters.imaginary,
        filters.first,
        filters.last,
        scale,
        filters.pitch_class,
        chroma,
    )


def _halve(samples: np.ndarray) -> np.ndarray:
    """Resample to half the rate, keeping the energy per sample."""
    halved = soxr.resample(samples, 2, 1, quality="soxr_hq")
    halved.resize((samples.size + 1) // 2, refcheck=False)
    # Divided as librosa divides: in digital silence what remains is rounding, and chroma normalises it.
    halved /= np.sqrt(0.5)
    return halved


def _hop_sums(per_hop: np.ndarray) -> np.ndarray:
    """Sum of each frame's hops, from sums per hop that begin half a frame before the first sample."""
    hops = N_FFT // HOP_LENGTH
    running = np.concatenate([[0], np.cumsum(per_hop)])
    return running[hops:] - running[:-hops]


def _rms(samples: np.ndarray) -> np.ndarray:
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


def _zero_crossing_rate(samples: np.ndarray) -> np.ndarray:
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


def _onset_strength(level: np.ndarray) -> np.ndarray:
    """Median rise over the mel bands, (n_frames,), of levels (n_frames, N_MELS) in dB.

    Source: librosa's ``onset_strength(aggregate=np.median)``, S. Böck, G. Widmer, DAFx 2013.
    """
    strength = np.zeros(len(level), np.float32)
    lag = 1 + N_FFT // (2 * HOP_LENGTH)
    for start in range(1, len(level), BLOCK):
        block = level[start - 1 : start + BLOCK]
        rise = np.maximum(0, np.diff(block, axis=0))
        where = slice(start - 1 + lag, start - 1 + lag + len(rise))
        rise.sort(axis=1)
        median = rise[:, N_MELS // 2 - 1 : N_MELS // 2 + 1].mean(axis=1)
        strength[where] = median[: strength[where].size]
    return strength


def _tempo(onsets: np.ndarray) -> float:
    """Tempo in BPM of an onset strength (n_frames,), or 0 if the onsets have no pulse.

    Source: librosa's ``feature.tempo``: mean local autocorrelation, weighted by a log-normal prior. On
    noise or silence that returns what the prior prefers; here the lag it chose has to stand out.
    """
    if not onsets.any():
        return 0.0
    tempogram = _mean_tempogram(onsets)[:, None]
    tempo = float(librosa.feature.tempo(tg=tempogram, sr=SAMPLE_RATE, hop_length=HOP_LENGTH)[0])
    lag = round(60 * SAMPLE_RATE / (HOP_LENGTH * tempo))
    return tempo if _pulse_significance(onsets, lag) > PULSE_SIGNIFICANCE else 0.0


def _pulse_significance(onsets: np.ndarray, lag: int) -> float:
    """Autocorrelation of onsets (n_frames,) at a lag in frames, in standard errors of white noise.

    Source: M. S. Bartlett, J. R. Statist. Soc. Suppl. 8, 1946: the standard error is 1 / sqrt(n_frames).
    """
    deviation = onsets - onsets.mean(dtype=np.float64)
    energy = deviation @ deviation
    if not energy or lag >= onsets.size:
        return 0.0
    return deviation[lag:] @ deviation[:-lag] / energy * np.sqrt(onsets.size)


def _mean_tempogram(onsets: np.ndarray) -> np.ndarray:
    """Mean over time of the normalised local autocorrelation, one value per lag in frames."""
    length = int(librosa.time_to_frames(TEMPO_WINDOW, sr=SAMPLE_RATE, hop_length=HOP_LENGTH))
    padded = np.pad(onsets, length // 2, mode="linear_ramp", end_values=0)
    windows = np.lib.stride_tricks.sliding_window_view(padded, length)[: onsets.size]
    taper = librosa.filters.get_window("hann", length, fftbins=True).astype(np.float32)
    n_fft = scipy.fft.next_fast_len(2 * length - 1, real=True)
    total = np.zeros(length)
    for start in range(0, onsets.size, BLOCK):
        spectrum = scipy.fft.rfft(windows[start : start + BLOCK] * taper, n_fft, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        correlation = scipy.fft.irfft(power, n_fft, axis=1)[:, :length]
        energy = correlation[:, :1]
        total += (correlation / np.where(energy > 0, energy, 1)).sum(axis=0, dtype=np.float64)
    return total / onsets.size
