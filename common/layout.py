"""What each of the 641 numbers means: one table, and everything derived from it.

Conventions
-----------
The embedding of a song is a vector of ``N_FEATURES`` numbers. Its order is the order of ``LAYOUT``,
block after block, element after element; it is a contract between files and never changes without
``LAYOUT_ID`` changing too. Frequencies are in Hz, levels in dB, times in seconds. This module holds
no analysis and imports nothing but the standard library, so asking it is instant.

A block's ``meaning``, ``high`` and ``low`` are written for a listener. They may contain ``{element}``,
which stands for the band, pitch class or coefficient the number belongs to.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

N_FEATURES = 641

SAMPLE_RATE = 22_050
N_FFT = 2048
HOP_LENGTH = 512
N_MELS = 128
N_MFCC = 20
N_OCTAVES = 7
BINS_PER_OCTAVE = 36
ROLLOFF = 0.85
N_CONTRAST_BANDS = 7
CONTRAST_FMIN = 200.0
PULSE_SIGNIFICANCE = 4.0
"""Standard errors by which a tempo must stand out of white noise to count as found. Noise stays below 1,
water sounds at 2.5; the freest orchestral rubato measured had 8, dance music has 15 to 80."""

SETTINGS = {
    "sample_rate": SAMPLE_RATE,
    "n_fft": N_FFT,
    "hop_length": HOP_LENGTH,
    "window": "hann",
    "n_mels": N_MELS,
    "n_mfcc": N_MFCC,
    "cqt_octaves": N_OCTAVES,
    "cqt_bins_per_octave": BINS_PER_OCTAVE,
    "rolloff": ROLLOFF,
    "contrast_bands": N_CONTRAST_BANDS,
    "contrast_fmin": CONTRAST_FMIN,
    "pulse_significance": PULSE_SIGNIFICANCE,
}

PITCH_CLASSES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
TONNETZ_AXES = (
    "fifths, sine",
    "fifths, cosine",
    "minor thirds, sine",
    "minor thirds, cosine",
    "major thirds, sine",
    "major thirds, cosine",
)


@dataclass(frozen=True)
class Block:
    """A run of neighbouring numbers: one statistic of one descriptor.

    Attributes
    ----------
    source
        The descriptor, by librosa's name (``mfcc``, ``spectral_centroid``, …).
    statistic
        What is taken over time: ``mean``, ``std``, ``median``, ``p25``, ``p75``, ``delta_mean``, or
        ``value`` where the descriptor is one number for the whole song.
    size
        How many numbers the block has.
    group
        The musical group, a key of ``GROUPS``.
    unit
        The unit of every number in the block; empty for a pure number.
    meaning, high, low
        What it says to a listener, and what a high or a low value sounds like.
    """

    source: str
    statistic: str
    size: int
    group: str
    unit: str
    meaning: str
    high: str
    low: str

    @property
    def name(self) -> str:
        """Name of the block and stem of its numbers' names, such as ``mfcc_delta_mean``."""
        return self.source if self.statistic == "value" else f"{self.source}_{self.statistic}"


GROUPS = {
    "timbre": "colour of the sound (MFCC)",
    "harmony": "notes and chords (chroma)",
    "spectral": "brightness, noisiness and contrast",
    "rhythm": "tempo and texture (zero crossings)",
    "energy": "loudness (RMS)",
    "tonnetz": "harmonic relations (tonnetz)",
    "mel": "energy in 128 frequency bands",
}

_MFCC = "shape of the spectrum, coefficient {element}"
_CHROMA = "presence of the note {element}"
_CONTRAST = "peaks against valleys, {element}"
_TONNETZ = "harmonic centre on the axis of {element}"
_MEL = "level of the band at {element}, under the loudest of the song"

LAYOUT = (
    Block("mfcc", "mean", N_MFCC, "timbre", "", _MFCC,
          "another colour of the sound (MFCC {element} higher)",
          "another colour of the sound (MFCC {element} lower)"),
    Block("mfcc", "std", N_MFCC, "timbre", "", f"how much it changes: {_MFCC}",
          "a colour of the sound that changes more (MFCC {element})",
          "a steadier colour of the sound (MFCC {element})"),
    Block("mfcc", "delta_mean", N_MFCC, "timbre", "per frame", f"drift over the song: {_MFCC}",
          "a colour of the sound that drifts through the song (MFCC {element} rising)",
          "a colour of the sound that drifts through the song (MFCC {element} falling)"),
    Block("chroma", "mean", 12, "harmony", "0–1", _CHROMA,
          "more of the note {element}", "less of the note {element}"),
    Block("chroma", "std", 12, "harmony", "0–1", f"how much it comes and goes: {_CHROMA}",
          "a note {element} that comes and goes", "a note {element} that stays as it is"),
    Block("spectral_centroid", "mean", 1, "spectral", "Hz", "brightness: the spectrum's centre",
          "brighter", "darker"),
    Block("spectral_centroid", "std", 1, "spectral", "Hz", "how much the brightness changes",
          "brightness that changes more", "steadier brightness"),
    Block("spectral_rolloff", "mean", 1, "spectral", "Hz", "the frequency below which 85% lies",
          "highs that reach further up", "highs that end earlier"),
    Block("spectral_rolloff", "std", 1, "spectral", "Hz", "how much the reach of the highs changes",
          "highs that open and close more", "highs that stay where they are"),
    Block("spectral_bandwidth", "mean", 1, "spectral", "Hz", "width of the spectrum around its centre",
          "a wider, fuller spectrum", "a narrower, thinner spectrum"),
    Block("spectral_bandwidth", "std", 1, "spectral", "Hz", "how much the width of the spectrum changes",
          "a spectrum that widens and narrows more", "a spectrum of steadier width"),
    Block("spectral_contrast", "mean", N_CONTRAST_BANDS, "spectral", "dB", _CONTRAST,
          "clearer tones {element}", "denser, noisier sound {element}"),
    Block("spectral_contrast", "std", N_CONTRAST_BANDS, "spectral", "dB",
          f"how much it changes: {_CONTRAST}",
          "tones and noise that alternate more {element}", "an even texture {element}"),
    Block("spectral_contrast", "median", N_CONTRAST_BANDS, "spectral", "dB",
          f"the usual value: {_CONTRAST}",
          "usually clearer tones {element}", "usually denser, noisier sound {element}"),
    Block("spectral_flatness", "mean", 1, "spectral", "0–1", "noise-likeness: 0 is a tone, 1 is noise",
          "noisier", "more tonal"),
    Block("zero_crossing_rate", "mean", 1, "rhythm", "per sample", "how often the waveform crosses zero",
          "a hissier, more percussive texture", "a smoother, rounder texture"),
    Block("zero_crossing_rate", "std", 1, "rhythm", "per sample", "how much the zero crossings change",
          "texture that alternates more", "a more even texture"),
    Block("tempo", "value", 1, "rhythm", "BPM", "beats per minute; 0 where no pulse was found",
          "faster", "slower"),
    Block("rms", "mean", 1, "energy", "amplitude", "average loudness", "louder", "quieter"),
    Block("rms", "std", 1, "energy", "amplitude", "how much the loudness changes",
          "more dynamic", "more evenly loud"),
    Block("tonnetz", "mean", 6, "tonnetz", "", _TONNETZ,
          "harmony that leans up the {element} axis", "harmony that leans down the {element} axis"),
    Block("tonnetz", "std", 6, "tonnetz", "", f"how much it moves: {_TONNETZ}",
          "harmony that moves more along {element}", "harmony that rests more along {element}"),
    Block("mel", "mean", N_MELS, "mel", "dB", f"average {_MEL}",
          "more energy at {element}", "less energy at {element}"),
    Block("mel", "p25", N_MELS, "mel", "dB", f"in the quiet quarter of the song: {_MEL}",
          "more energy at {element} in quiet moments", "less energy at {element} in quiet moments"),
    Block("mel", "median", N_MELS, "mel", "dB", f"usual {_MEL}",
          "usually more energy at {element}", "usually less energy at {element}"),
    Block("mel", "p75", N_MELS, "mel", "dB", f"in the loud quarter of the song: {_MEL}",
          "more energy at {element} in loud moments", "less energy at {element} in loud moments"),
)  # fmt: skip


def _block_slices() -> dict[str, slice]:
    slices, start = {}, 0
    for block in LAYOUT:
        slices[block.name] = slice(start, start + block.size)
        start += block.size
    return slices


SLICES = _block_slices()
"""Block name -> where it lies in the embedding."""


def _names() -> tuple[str, ...]:
    names = []
    for block in LAYOUT:
        width = max(2, len(str(block.size)))
        numbers = range(1, block.size + 1)
        names += [block.name] if block.size == 1 else [f"{block.name}_{i:0{width}d}" for i in numbers]
    return tuple(names)


NAMES = _names()
"""Name of every number, ``mfcc_mean_01`` … ``mel_p75_128``."""

BLOCK_OF = tuple(block for block in LAYOUT for _ in range(block.size))
"""The block that each number belongs to."""

GROUP_INDICES = {
    group: tuple(i for i, block in enumerate(BLOCK_OF) if block.group == group) for group in GROUPS
}
"""Group -> the positions of its numbers (rhythm, energy and the others need not be neighbours)."""

assert len(NAMES) == len(set(NAMES)) == len(BLOCK_OF) == N_FEATURES

LAYOUT_ID = hashlib.sha256(
    json.dumps({"names": NAMES, "settings": SETTINGS}, sort_keys=True).encode()
).hexdigest()[:16]
"""Fingerprint of names and settings; artifacts with different ones are never mixed."""


def mel_to_hz(mel: float) -> float:
    """Convert Slaney's mel scale to Hz: linear below 1 kHz, logarithmic above.

    Source: M. Slaney, Auditory Toolbox, Interval Research 1998-010; librosa's default.
    """
    linear = mel * 200.0 / 3.0
    return linear if mel < 15.0 else 1000.0 * math.exp((mel - 15.0) * math.log(6.4) / 27.0)


@cache
def mel_frequencies() -> tuple[float, ...]:
    """Centre frequencies of the mel bands in Hz, from 0 to the Nyquist frequency (both ends open)."""
    top = 15.0 + 27.0 * math.log(SAMPLE_RATE / 2 / 1000.0) / math.log(6.4)
    return tuple(mel_to_hz(top * (band + 1) / (N_MELS + 1)) for band in range(N_MELS))


@cache
def contrast_edges() -> tuple[float, ...]:
    """Edges of the spectral-contrast bands in Hz: 0, then octaves from ``CONTRAST_FMIN``, then Nyquist."""
    octaves = tuple(CONTRAST_FMIN * 2.0**i for i in range(N_CONTRAST_BANDS - 1))
    return (0.0, *octaves, SAMPLE_RATE / 2)


def spoken_hz(frequency: float) -> str:
    """Write a frequency for people: ``64 Hz``, ``440 Hz``, ``2.3 kHz``."""
    return f"{frequency:.0f} Hz" if frequency < 1000 else f"{frequency / 1000:.1f} kHz"


def element_label(index: int) -> str:
    """Name the band, note or coefficient of number ``index``; empty for a block of one number."""
    block = BLOCK_OF[index]
    offset = index - SLICES[block.name].start
    if block.size == 1:
        return ""
    if block.source == "chroma":
        return PITCH_CLASSES[offset]
    if block.source == "tonnetz":
        return TONNETZ_AXES[offset]
    if block.source == "mel":
        return spoken_hz(mel_frequencies()[offset])
    if block.source == "spectral_contrast":
        low, high = contrast_edges()[offset : offset + 2]
        return f"between {spoken_hz(low)} and {spoken_hz(high)}"
    return str(offset + 1)


_MFCC_WORDS = {
    1: ("louder overall", "quieter overall"),
    2: ("weight in the bass", "weight in the highs"),
}


def words(index: int, high: bool) -> str:
    """Say what a high (or low) value of number ``index`` sounds like.

    Parameters
    ----------
    index
        The position in the embedding, 0 to ``N_FEATURES - 1``.
    high
        Whether the value is above (True) or below (False) what it is compared with.

    Returns
    -------
    str
        A phrase without subject, such as ``brighter`` or ``more energy at 2.3 kHz``.
    """
    block = BLOCK_OF[index]
    if block.name == "mfcc_mean":
        coefficient = index - SLICES[block.name].start + 1
        if coefficient in _MFCC_WORDS:
            return _MFCC_WORDS[coefficient][0 if high else 1]
    return (block.high if high else block.low).format(element=element_label(index))


def is_audible(index: int) -> bool:
    """Tell whether a listener could check the words for number ``index`` by ear.

    Timbre coefficients beyond the second, their changes, and the axes of tonnetz have no such words.
    """
    block = BLOCK_OF[index]
    if block.source == "mfcc":
        return block.statistic == "mean" and index - SLICES[block.name].start + 1 in _MFCC_WORDS
    return block.source != "tonnetz"


def meaning(index: int) -> str:
    """Say what number ``index`` measures, such as ``presence of the note A``."""
    return BLOCK_OF[index].meaning.format(element=element_label(index))


def index_of(name: str) -> int:
    """Position of a number by its name.

    Raises
    ------
    KeyError
        If there is no such name.
    """
    try:
        return NAMES.index(name)
    except ValueError:
        raise KeyError(name) from None


def markdown_table() -> str:
    """The layout as the Markdown table of the README: one line per block."""
    lines = ["| position | block | size | group | unit | what it says |", "|---|---|---|---|---|---|"]
    for block in LAYOUT:
        place = SLICES[block.name]
        span = str(place.start) if block.size == 1 else f"{place.start}–{place.stop - 1}"
        element = "" if block.size == 1 else _plural(block.source)
        text = block.meaning.format(element=element)
        lines.append(
            f"| {span} | `{block.name}` | {block.size} | {block.group} | {block.unit or '–'} | {text} |"
        )
    return "\n".join(lines)


def _plural(source: str) -> str:
    return {
        "mfcc": f"1 to {N_MFCC}",
        "chroma": "C to B",
        "spectral_contrast": "in each of 7 bands from 0 Hz to 11 kHz",
        "tonnetz": "fifths, minor thirds and major thirds (sine and cosine each)",
        "mel": "each of 128 centre frequencies",
    }[source]


def group_shares(values: Iterable[float]) -> dict[str, float]:
    """Sum one value per number into one per group, in the order of ``GROUPS``.

    Parameters
    ----------
    values
        The ``N_FEATURES`` numbers, such as squared loadings or contributions to a cosine.

    Raises
    ------
    ValueError
        If there are not ``N_FEATURES`` of them.
    """
    listed = [float(value) for value in values]
    if len(listed) != N_FEATURES:
        raise ValueError(f"expected {N_FEATURES} values in the order of LAYOUT, got {len(listed)}")
    return {group: math.fsum(listed[i] for i in where) for group, where in GROUP_INDICES.items()}
