"""Measure how far the numbers of one song wander, which the space `balanced` reads.

Of every song two windows of up to 45 s, from the middle of both halves; in turn one of them is encoded as
MP3 at 64 kbit/s in stereo. `common/search/within_song.npz` was made from 214 freely licensed songs of 22
games; none of them, and no artist of theirs who is named, is among those that `benchmarks.retrieval` reports
on. docs/search.md names the packages.

Run     python -m benchmarks.within_song FOLDER [--write FILE]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.retrieval import Windows, read_windows
from common.arrays import scaling
from common.layout import N_MELS
from common.search import within_song
from common.search.space import with_tempo_circle
from common.search.spaces import balanced_parts


def find_scatter(windows: Windows) -> dict[str, np.ndarray]:
    """The scatter within songs of every part of `balanced`: part -> array of shape (m, m)."""
    plain = [with_tempo_circle(half) for half in windows.plain]
    encoded = [with_tempo_circle(half) for half in windows.encoded]
    _, scale = scaling(np.concatenate(plain))
    apart = np.concatenate([plain[0] - encoded[1], encoded[0] - plain[1]]) / scale
    products = {part.name: apart[:, part.features] for part in balanced_parts()}
    return {name: values.T @ values / (2 * len(values)) for name, values in products.items()}


def split_mel(scatter: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The scatter of mel as that of its statistics, averaged over bands, and that of its bands.

    Their Kronecker product has the trace of ``scatter``, and a hundredth of its numbers.
    """
    blocks = scatter.reshape(len(scatter) // N_MELS, N_MELS, -1, N_MELS)
    of_statistics = np.einsum("ibjb->ij", blocks) / N_MELS
    of_bands = np.einsum("ibic->bc", blocks)
    return of_statistics, N_MELS * of_bands / np.trace(of_bands)


def write(path: Path, scatter: dict[str, np.ndarray]) -> None:
    """Write what `within_song.scatter` reads: float32 arrays, those of mel apart."""
    of_statistics, of_bands = split_mel(scatter["mel"])
    arrays = {name: values for name, values in scatter.items() if name != "mel"}
    arrays |= {within_song.MEL_STATISTICS: of_statistics, within_song.MEL_BANDS: of_bands}
    kept: dict[str, Any] = {name: values.astype(np.float32) for name, values in arrays.items()}
    np.savez_compressed(path, **kept)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="songs")
    parser.add_argument("--write", type=Path, help="the file that is written")
    arguments = parser.parse_args()
    scatter = find_scatter(read_windows(arguments.folder))
    for name, values in scatter.items():
        print(f"{name}: {np.diag(values).mean():.2f} of the variance between songs")
    if arguments.write:
        write(arguments.write, scatter)
    return 0


if __name__ == "__main__":
    sys.exit(main())
