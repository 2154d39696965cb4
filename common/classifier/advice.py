"""What would make a song another genre: the least change measured to do it, and the nearest real song.

Conventions: probabilities are 0 to 1 and those of the models that gave the song's verdict; for a song that
was learned from, these have not heard it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from common.classifier.explanation import Explanation
from common.classifier.judgement import Judgement
from common.classifier.least_change import MOST_MOVES, Change, Judges, least_change
from common.classifier.model import Model
from common.console import UserError, note
from common.layout import GROUPS
from common.library import Library
from common.moves.moves import KINDS, MOST_DECIBELS, MOST_TEMPO, in_words
from common.moves.render import render
from common.recordings import artist_numbers, same_recording
from common.song import heard_or_told
from common.text import fold


@dataclass(frozen=True)
class Neighbour:
    """The nearest real song of the genre that is wanted.

    Attributes
    ----------
    name, path
        The song's name and its file.
    probability
        Of the genre, by models that had not heard it.
    """

    name: str
    path: str
    probability: float


@dataclass(frozen=True)
class Advice:
    """What would make a song another genre.

    Attributes
    ----------
    name
        The song.
    genres
        Names of the genres, as in the models.
    towards
        The genre that is wanted.
    change
        What was found and measured; None if nothing was tried.
    untried
        Why nothing was tried; empty otherwise.
    nearest
        The nearest real song; None if there is none by another artist, or no library to look in.
    preview
        The changed song as a file; None if nobody asked or nothing leads towards the genre.
    """

    name: str
    genres: tuple[str, ...]
    towards: str
    change: Change | None
    untried: str = ""
    nearest: Neighbour | None = None
    preview: Path | None = None


def genre_named(genres: Sequence[str], text: str) -> str:
    """The genre that is meant, in any case.

    Raises
    ------
    UserError
        If there is none of that name.
    """
    found = [genre for genre in genres if fold(genre) == fold(text)]
    if not found:
        raise UserError(f"{text!r} was not learned; there are {', '.join(genres)}")
    return found[0]


def advise(
    path: Path,
    embedding: np.ndarray,
    models: Sequence[Model],
    verdict: Explanation,
    towards: str | None,
    preview: Path | None = None,
) -> Advice:
    """Find what would make a song another genre, and measure it.

    Parameters
    ----------
    path, embedding
        The song's file, and its numbers, shape (``N_FEATURES``,).
    models
        The models that gave the verdict.
    verdict
        Their verdict.
    towards
        The genre that is wanted; None for the runner-up.
    preview
        The WAV file to write the changed song to; None to write none.
    """
    genre = verdict.second if towards is None else genre_named(verdict.genres, towards)
    if genre == verdict.first:
        return Advice(verdict.name, verdict.genres, genre, None, f"it sounds like {genre} as it is")
    judges = Judges(models, verdict.genres.index(genre))
    note("trying equaliser, level and tempo on the song, and measuring the best (some seconds) …")
    try:
        with heard_or_told(path):
            change = least_change(path, embedding, judges)
            if preview is not None and change.moves:
                render(path, preview, change.moves)
    except UserError as error:
        untried = f"nothing was tried, which needs its file: {error}"
        return Advice(verdict.name, verdict.genres, genre, None, untried)
    written = preview if change.moves else None
    return Advice(verdict.name, verdict.genres, genre, change, preview=written)


def nearest_real(
    library: Library, judgement: Judgement, model: Model, row: int, towards: str
) -> Neighbour | None:
    """The song of a genre that lies nearest to another where the classifier looks, by another artist.

    Parameters
    ----------
    library
        The songs.
    judgement
        What is known of the songs that were learned from; those that sound like another genre do not count.
    model
        The model whose components are compared.
    row
        The song.
    towards
        The genre.
    """
    training, probability = judgement.training, judgement.plain.probability
    target = training.genres.index(towards)
    artists = artist_numbers(library)
    other = (artists[training.rows] != artists[row]) | (artists[row] < 0)
    over = (training.y == target) & (probability.argmax(axis=1) == target) & other & (training.rows != row)
    places = np.flatnonzero(over)
    if not len(places):
        return None
    own = model.components(library.embeddings[[row]].astype(np.float64))
    apart = np.linalg.norm(model.components(training.X[places]) - own, axis=1)
    for place in places[np.argsort(apart, kind="stable")]:
        if not same_recording(library, row, int(training.rows[place])):
            found = int(training.rows[place])
            return Neighbour(library.names[found], library.paths[found], float(probability[place, target]))
    return None


def sentences(advice: Advice) -> list[str]:
    """Put advice into plain language, one line each."""
    lines = list(_change(advice))
    if advice.preview is not None:
        lines.append(f"To hear it: {advice.preview}")
    if advice.nearest is not None:
        near = advice.nearest
        lines.append(
            f"The nearest real {advice.towards} song by another artist: {near.name} "
            f"({near.probability:.0%} {advice.towards})."
        )
    return lines


def _change(advice: Advice) -> Iterator[str]:
    change = advice.change
    if change is None:
        yield _sentence(advice.untried)
        return
    limits = (
        f"tilts and bells of an equaliser within ±{MOST_DECIBELS:g} dB, level within ±{MOST_DECIBELS:g} dB, "
        f"tempo within ±{MOST_TEMPO:g}%"
    )
    if not change.moves:
        yield f"Nothing that was tried leads towards {advice.towards}: {limits}."
        return
    before, after = change.before[change.target], change.after[change.target]
    what = in_words(change.moves)
    effect = f"from {before:.0%} to {after:.0%} {advice.towards}"
    if change.is_reached:
        yield _sentence(f"{what}: {effect}, then the likeliest, as measured on the changed file")
        return
    covered = 1.0 - change.measured / change.lead
    yield f"Not reached by what was tried: {limits}, {MOST_MOVES} of them together."
    yield f"The furthest is {what}: {covered:.0%} of the way, {effect}, as measured on the changed file."
    left = " and ".join(f"{GROUPS[group]} ({share:.0%})" for group, share in change.left.items())
    yield f"Most of what is left lies in {left}."


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def advice_facts(advice: Advice) -> dict[str, Any]:
    """Advice as plain values; margins are log-odds of the wanted genre against the likeliest other."""
    change = advice.change
    found: dict[str, Any] = {
        "song": advice.name,
        "towards": advice.towards,
        "untried": advice.untried or None,
        "nearest": None if advice.nearest is None else asdict(advice.nearest),
        "preview": None if advice.preview is None else str(advice.preview),
    }
    if change is None:
        return found
    before, after = (float(probability[change.target]) for probability in (change.before, change.after))
    return found | {
        "moves": [{**asdict(move), "unit": KINDS[move.kind].unit} for move in change.moves],
        "reached": change.is_reached,
        "probability": {"before": before, "after": after},
        "margin": {"before": change.lead, "promised": change.promised, "after": change.measured},
        "left": change.left,
    }
