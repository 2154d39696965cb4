"""What every song is taken for without having been heard, kept for the table of all songs of stage 2."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from common.files import read_csv, write_csv
from common.paths import Output, Paths
from common.text import clean

HEADER = ("file_path", "guess", "probability")


@dataclass(frozen=True)
class Guess:
    """What a song is taken for.

    Attributes
    ----------
    genre
        The likeliest genre, by models that had not heard the song.
    probability
        Its probability, 0 to 1.
    """

    genre: str
    probability: float


def guesses_file(paths: Paths) -> Path:
    """Where the guesses lie."""
    return paths.report(f"{Output.GUESSES}.csv")


def write_guesses(paths: Paths, guesses: Iterable[tuple[str, Guess]]) -> Path:
    """Write guesses, each with the path of its song's file."""
    rows = ((path, guess.genre, round(guess.probability, 4)) for path, guess in guesses)
    write_csv(guesses_file(paths), HEADER, rows)
    return guesses_file(paths)


def read_guesses(paths: Paths) -> dict[str, Guess]:
    """Read the guesses: path of a song's file, without control characters -> its guess.

    What is no guess is passed over, and a file that is missing or not ours holds none.
    """
    if not guesses_file(paths).is_file():
        return {}
    reader = read_csv(guesses_file(paths), errors="replace")
    if tuple(next(reader, ())) != HEADER:
        return {}
    found = {}
    for cells in reader:
        if len(cells) == len(HEADER) and _is_share(cells[2]):
            found[clean(cells[0])] = Guess(cells[1], float(cells[2]))
    return found


def _is_share(text: str) -> bool:
    """Whether a text is a number from 0 to 1, as it is written by us."""
    whole, _, decimals = text.partition(".")
    return whole in {"0", "1"} and (decimals or "0").isascii() and (decimals or "0").isdecimal()
