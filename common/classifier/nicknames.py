"""Names of at most three words for components: what a high value sounds like, short enough for a picture."""

from __future__ import annotations

import numpy as np

from common import layout
from common.classifier.measured import OPAQUE_WEIGHT, SMOOTH_BANDS, region_of, strongest_run
from common.layout import SLICES

BOTH_SIDES = 0.2
"""A component is named after two regions, one over the other, if the weaker one reaches this share."""

SHORT = {
    "mfcc_mean": ("different sound colour", "different sound colour"),
    "mfcc_std": ("changing sound colour", "steady sound colour"),
    "mfcc_delta_mean": ("drifting sound colour", "drifting sound colour"),
    "chroma_mean": ("stronger single notes", "weaker single notes"),
    "chroma_std": ("moving notes", "lasting notes"),
    "spectral_centroid_std": ("changing brightness", "steadier brightness"),
    "spectral_rolloff_mean": ("further reaching highs", "earlier ending highs"),
    "spectral_rolloff_std": ("opening, closing highs", "steady highs"),
    "spectral_bandwidth_mean": ("wider, fuller spectrum", "narrower, thinner spectrum"),
    "spectral_bandwidth_std": ("changing spectrum width", "steady spectrum width"),
    "spectral_contrast_mean": ("clearer tones", "denser, noisier sound"),
    "spectral_contrast_std": ("alternating tones, noise", "even texture"),
    "spectral_contrast_median": ("usually clearer tones", "usually noisier sound"),
    "zero_crossing_rate_mean": ("hissier, percussive texture", "smoother, rounder texture"),
    "zero_crossing_rate_std": ("alternating texture", "even texture"),
    "tonnetz_mean": ("leaning harmony", "leaning harmony"),
    "tonnetz_std": ("moving harmony", "resting harmony"),
}
"""Block -> what a high and a low value are called, where its own words (`layout.words`) exceed three."""


def nickname(axis: np.ndarray) -> str:
    """Say what a high value of a component sounds like, in at most three words.

    Parameters
    ----------
    axis
        Its loadings, shape (``N_FEATURES``,).

    Returns
    -------
    str
        Such as ``highs over bass``, ``700-Hz over 1.2-kHz``, ``more mids`` or ``clearer tones``.
    """
    squares = axis**2
    bands = [SLICES[block.name] for block in layout.LAYOUT if block.source == "mel"]
    if sum(squares[place].sum() for place in bands) >= 0.5 * squares.sum():
        return _of_bands(np.sum([np.sign(axis[place]) * squares[place] for place in bands], axis=0))
    return _of_block(axis)


def _of_bands(pull: np.ndarray) -> str:
    """Name loadings on the mel bands, squared with their signs, shape (``N_MELS``,)."""
    smooth = np.convolve(pull, np.full(SMOOTH_BANDS, 1 / SMOOTH_BANDS), mode="same")
    sides = {amount: np.maximum(sign * smooth, 0.0) for amount, sign in (("more", 1), ("less", -1))}
    weaker, stronger = sorted(sides, key=lambda amount: float(sides[amount].max()))
    runs = {amount: strongest_run(side) for amount, side in sides.items()}
    regions = {amount: region_of(run.start, run.stop - 1) for amount, run in runs.items()}
    if sides[weaker].max() < BOTH_SIDES * sides[stronger].max():
        return f"{stronger} {regions[stronger]}"
    if regions["more"] == regions["less"]:
        regions = {amount: _middle(run) for amount, run in runs.items()}
    more, less = (regions[amount].replace(" ", "-") for amount in ("more", "less"))
    return f"{more} over {less}"


def _middle(run: slice) -> str:
    """The frequency in the middle of neighbouring mel bands, such as ``1.2 kHz``."""
    frequencies = layout.mel_frequencies()
    return layout.spoken_hz(float(np.sqrt(frequencies[run.start] * frequencies[run.stop - 1])))


def _of_block(axis: np.ndarray) -> str:
    """Name the strongest block but mel, by its strongest number that an ear can check if there is one."""
    heard = np.array([1.0 if layout.is_audible(i) else OPAQUE_WEIGHT for i in range(len(axis))])
    strength = axis**2 * heard
    blocks = [block for block in layout.LAYOUT if block.source != "mel"]
    best = max(blocks, key=lambda block: float(strength[SLICES[block.name]].sum()))
    place = SLICES[best.name]
    index = place.start + int(strength[place].argmax())
    words = layout.words(index, bool(axis[index] > 0))
    if len(words.split()) <= 3:
        return words
    high, low = SHORT[best.name]
    return high if axis[index] > 0 else low
