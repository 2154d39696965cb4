"""How unusual a song is in a library, and whether its file still gives the numbers that are stored.

Conventions: how unusual a number is, is its z-score: how many standard deviations of *this library* it lies
above or below the library's mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from common import layout
from common.journey.choice import ChosenSong
from common.layout import BLOCK_OF, is_audible

MIN_SONGS_FOR_Z = 5
"""Songs below which a library cannot say what is usual."""

EQUAL, CLOSE, DIFFERENT, OUTSIDE = "equal", "close", "different", "outside"
CHECKS = {
    EQUAL: "the embedding equals the stored row",
    CLOSE: "the embedding equals the stored row to within rounding",
    DIFFERENT: "THE EMBEDDING DIFFERS FROM THE STORED ROW: the file has changed since it was extracted",
    OUTSIDE: "the file is not in the library",
}
"""What comparing an embedding with its stored row can say -> how it is told."""


@dataclass(frozen=True)
class Comparison:
    """How a song compares with a library.

    Attributes
    ----------
    n_songs
        How many songs the library has.
    z
        The song's z-scores, float64, shape (``N_FEATURES``,); None in a library of fewer than
        `MIN_SONGS_FOR_Z` songs.
    below, above
        The shares of the other songs, 0 to 1, that lie below and above this one, per number, shape
        (``N_FEATURES``,).
    check
        What comparing the embedding with the library's row said, a key of `CHECKS`.
    """

    n_songs: int
    z: np.ndarray | None = field(repr=False)
    below: np.ndarray = field(repr=False)
    above: np.ndarray = field(repr=False)
    check: str


def compare(song: ChosenSong) -> Comparison:
    """Compare a song with its library.

    Parameters
    ----------
    song
        The song; a guest is compared with the library's own songs, of which none are its stored row.
    """
    own = song.library.embeddings[: song.library.n_own]
    others = own if song.is_guest else np.delete(own, song.row, axis=0)
    count = max(len(others), 1)
    below = (others < song.embedding).sum(axis=0) / count
    above = (others > song.embedding).sum(axis=0) / count
    z = song.library.standardise(song.embedding[np.newaxis])[0] if len(own) >= MIN_SONGS_FOR_Z else None
    check = OUTSIDE if song.is_guest else _check(song.embedding, own[song.row])
    return Comparison(len(own), z, below, above, check)


def _check(embedding: np.ndarray, stored: np.ndarray) -> str:
    if np.array_equal(embedding, stored):
        return EQUAL
    # Another processor may round the last bits of a sum differently.
    return CLOSE if np.allclose(embedding, stored, rtol=1e-4, atol=1e-3) else DIFFERENT


def most_unusual(comparison: Comparison, n: int = 3) -> list[str]:
    """Say in words what is most unusual about a song, one sentence per descriptor.

    Timbre coefficients beyond the second and tonnetz axes are passed over: they have no words that a
    listener could check by ear. So is librosa's tempo, for people are told another: see `structure.readings`.

    Parameters
    ----------
    comparison
        How the song compares with its library.
    n
        The largest number of sentences.

    Returns
    -------
    list of str
        Such as ``darker than 93% of the library``; empty if the library is too small to say.
    """
    z = comparison.z
    if z is None:
        return []
    said: dict[str, str] = {}
    for index in map(int, np.argsort(-np.abs(z), kind="stable")):
        source = BLOCK_OF[index].source
        if source in said or source == "tempo" or not is_audible(index) or z[index] == 0:
            continue
        high = bool(z[index] > 0)
        share = float((comparison.below if high else comparison.above)[index])
        said[source] = _sentence(layout.words(index, high), share)
        if len(said) == n:
            break
    return list(said.values())


def _sentence(words: str, share: float) -> str:
    """Join what a value sounds like with the share of songs it exceeds, 0 to 1."""
    others = "every other song" if share == 1 else f"{np.floor(share * 100):.0f}% of the library"
    said = words.removeprefix("usually ").split()
    compares = said[0].endswith("er") or said[0] in {"more", "less"} or said[-1] == "more"
    joint = " than" if compares else ", more so than"
    return f"{words}{joint} {others}"
