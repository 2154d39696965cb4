"""The compiled inner loop of the peaks; it releases the interpreter's lock and is compiled once."""

from __future__ import annotations

from common.compiled import as_written


@as_written
def highest_around(spectrum, frames, bins, reach_frames, reach_bins, is_highest):
    """Tell which points of a spectrogram are higher than all others in a rectangle around them.

    Of equal ones within a rectangle, the first counts.

    Parameters
    ----------
    spectrum
        The magnitudes, float32, shape (n_frames, n_bins).
    frames, bins
        The points, int64, shape (n_points,) each, no frame nearer to an end than ``reach_frames``.
    reach_frames, reach_bins
        How far the rectangle goes to either side.
    is_highest
        The answers, bool, shape (n_points,), filled.
    """
    for point in range(frames.size):
        frame, k = frames[point], bins[point]
        here = spectrum[frame, k]
        low, high = max(k - reach_bins, 0), min(k + reach_bins + 1, spectrum.shape[1])
        is_above = True
        for other in range(frame - reach_frames, frame + reach_frames + 1):
            for j in range(low, high):
                value = spectrum[other, j]
                comes_before = other < frame or (other == frame and j < k)
                if value > here or (value == here and comes_before):
                    is_above = False
                    break
            if not is_above:
                break
        is_highest[point] = is_above
