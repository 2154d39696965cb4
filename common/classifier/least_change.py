"""The least change of a song's sound that makes another genre the likeliest, in a producer's moves.

Conventions
-----------
The *lead* of a genre is its log-odds against the likeliest other genre: above 0 it is the verdict. Moves
are sought on a sketch of the song (`common.moves.sketch`), least effort first, then made on the file itself,
which is analysed anew; only that is told. Efforts add: with effects that add too, it is least to use the move
that gains most for its effort up to its limit before the next.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from common import song
from common.classifier.model import Model
from common.classifier.reasons import give_reasons
from common.decoders import AudioError
from common.moves.moves import BELLS, KINDS, Move, in_reach
from common.moves.render import render
from common.moves.sketch import Sketch

MOST_MOVES = 3
"""Moves that are made together at most."""

GOAL = 0.1
"""Lead that is aimed at, in log-odds: 52% of the two."""

LEAST_TEMPO = 0.3
"""Log-odds that another tempo has to gain: on the demo, playing a song faster or slower moves a lead by 0.2
(median) without its tempo, by what the cutting does to the sound."""

TRIES = 3
"""How often moves are measured on the file, each time aiming further by what the last fell short."""

CEILING = -1.0
"""dBTP up to which a song may become louder, before any equaliser."""

LONGEST = 1800.0
"""Seconds of a song above which nothing is tried: a changed copy is written for every try."""

CHANGED = 0.05
"""Log-odds by which a file's lead may differ from that of its numbers in the library."""


@dataclass(frozen=True)
class Change:
    """Moves, and what they do to the verdict.

    Attributes
    ----------
    target
        Position of the genre that is wanted.
    moves
        What is changed; empty if nothing that was tried leads towards it.
    before, after
        Probability of each genre, shape (K,), of the file as it is, and as measured on the changed file.
    lead, promised, measured
        Lead of the wanted genre in log-odds: before, told by the sketch, and measured on the changed file.
    left
        What speaks against the wanted genre after the change: group of numbers -> its share, largest first;
        empty if the genre is reached.
    """

    target: int
    moves: list[Move]
    before: np.ndarray
    after: np.ndarray
    lead: float
    promised: float
    measured: float
    left: dict[str, float]

    @property
    def is_reached(self) -> bool:
        """Whether the wanted genre is the verdict on the changed file."""
        return self.measured > 0


@dataclass(frozen=True)
class Judges:
    """Models that judge together, and the genre that is wanted.

    Attributes
    ----------
    models
        Models of one certainty.
    target
        Position of the genre.
    """

    models: Sequence[Model]
    target: int

    def probability(self, embedding: np.ndarray) -> np.ndarray:
        """Of each genre, shape (K,)."""
        return self.models[0].certainty.probabilities(self._margins(embedding[None, :]))[0]

    def leads(self, embeddings: np.ndarray) -> np.ndarray:
        """Lead of the genre in songs, shape (n,), from embeddings, shape (n, ``N_FEATURES``)."""
        margins = self._margins(embeddings)
        if margins.shape[1] == 1:
            margins = np.hstack([np.zeros_like(margins), margins])
        return margins[:, self.target] - np.delete(margins, self.target, axis=1).max(axis=1)

    def _margins(self, X: np.ndarray) -> np.ndarray:
        return np.mean([model.margins(X) for model in self.models], axis=0)


def least_change(path: Path, embedding: np.ndarray, judges: Judges) -> Change:
    """Find the least change that makes a genre the likeliest, and measure it on the file.

    Parameters
    ----------
    path
        The song's file.
    embedding
        Its numbers in the library, shape (``N_FEATURES``,).
    judges
        Who judges, and what is wanted.

    Raises
    ------
    AudioError
        If the file cannot be read, is not the one that the numbers are of, or is too long.
    """
    analysis = song.analyse(path)
    if analysis.song.duration > LONGEST:
        raise AudioError("too_large", f"changes are tried on songs of at most {LONGEST / 60:.0f} minutes")
    own = analysis.song.embedding.astype(np.float64)
    lead, known = judges.leads(np.stack([own, embedding]))
    if abs(lead - known) > CHANGED:
        raise AudioError("changed", "the file has changed since it was extracted")
    peak = analysis.song.readings["true_peak"]
    search = Search(Sketch(analysis), judges, room=max(0.0, CEILING - (0.0 if peak is None else peak)))
    with tempfile.TemporaryDirectory() as folder:
        moves, promised, changed = _best_of_tries(search, path, Path(folder) / "changed.wav", own)
    measured = float(judges.leads(changed[None, :])[0])
    return Change(
        target=judges.target,
        moves=moves,
        before=judges.probability(own),
        after=judges.probability(changed),
        lead=float(lead),
        promised=promised,
        measured=measured,
        left={} if measured > 0 else _left(judges, changed),
    )


def _best_of_tries(
    search: Search, path: Path, target: Path, own: np.ndarray
) -> tuple[list[Move], float, np.ndarray]:
    """Moves, their lead on the sketch, and the numbers of the changed file; no moves if none is better."""
    lead, goal = float(search.judges.leads(own[None, :])[0]), GOAL
    found: tuple[list[Move], float, np.ndarray] = ([], lead, own)
    for _ in range(TRIES):
        moves, promised = search.find(goal)
        if not moves:
            break
        render(path, target, moves)
        changed = song.analyse(target).song.embedding.astype(np.float64)
        measured = float(search.judges.leads(changed[None, :])[0])
        if measured > lead:
            lead, found = measured, (moves, promised, changed)
        if measured > 0 or promised < goal:
            break
        goal += GOAL + promised - measured
    return found


def _left(judges: Judges, embedding: np.ndarray) -> dict[str, float]:
    """Shares of the groups in what still speaks against the wanted genre, the two largest."""
    first = int(np.argmax(judges.probability(embedding)))
    against = give_reasons(judges.models, embedding, first, judges.target).pushing(1, 0.0)
    total = sum(one.value for one in against)
    return {one.group: one.value / total for one in against[:2]}


@dataclass(frozen=True)
class Search:
    """Seeks moves on a sketch.

    Attributes
    ----------
    sketch
        The song.
    judges
        Who judges, and what is wanted.
    room
        dB by which the song may become louder.
    """

    sketch: Sketch
    judges: Judges
    room: float

    def find(self, goal: float) -> tuple[list[Move], float]:
        """The moves of least effort that reach a lead, or the furthest ones, and their lead.

        Parameters
        ----------
        goal
            In log-odds.
        """
        chosen: list[Move] = []
        lead = self._lead(chosen)
        while len(chosen) < MOST_MOVES:
            tried = [[*chosen, move] for move in self._largest(chosen)]
            if not tried:
                break
            leads = self._leads(tried)
            slight = np.array([moves[-1].kind == "tempo" for moves in tried]) & (leads < lead + LEAST_TEMPO)
            leads[slight] = -np.inf
            reaching = [moves for moves, one in zip(tried, leads, strict=True) if one >= goal]
            if reaching:
                smallest = [self._smallest(moves, goal) for moves in reaching]
                moves = min(smallest, key=lambda moves: moves[-1].effort)
                return moves, self._lead(moves)
            if leads.max() <= lead:
                break
            chosen, lead = tried[int(leads.argmax())], float(leads.max())
        return chosen, lead

    def _largest(self, chosen: Sequence[Move]) -> Iterator[Move]:
        """Moves that may be added, each way at its largest size and at half of it."""
        used = {(move.kind, move.frequency) for move in chosen}
        kinds = [(kind, f) for kind in KINDS for f in (BELLS if kind == "bell" else (0.0,))]
        for kind, frequency in kinds:
            if (kind, frequency) not in used:
                for sign in (1, -1):
                    yield from self._sizes(chosen, kind, frequency, sign)

    def _sizes(self, chosen: Sequence[Move], kind: str, frequency: float, sign: int) -> Iterator[Move]:
        """The largest size that is in reach, and half of it."""
        step, most = KINDS[kind].step, KINDS[kind].most
        if kind == "level" and sign > 0:
            most = min(most, self.room)
        steps = int(most / step + 1e-9)
        while steps and not in_reach([*chosen, Move(kind, sign * steps * step, frequency)]):
            steps -= 1
        for n in sorted({steps, steps // 2} - {0}):
            yield Move(kind, round(sign * n * step, 9), frequency)

    def _smallest(self, moves: list[Move], goal: float) -> list[Move]:
        """The same with the last move no larger than it has to be."""
        *others, last = moves
        step = KINDS[last.kind].step

        def sized(steps: int) -> list[Move]:
            size = round(np.sign(last.size) * steps * step, 9)
            return [*others, Move(last.kind, float(size), last.frequency)]

        low, high = 0, round(abs(last.size) / step)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._lead(sized(middle)) >= goal else (middle, high)
        return sized(high)

    def _lead(self, moves: Sequence[Move]) -> float:
        return float(self._leads([moves])[0])

    def _leads(self, tried: Sequence[Sequence[Move]]) -> np.ndarray:
        return self.judges.leads(np.stack([self.sketch.embedding(moves) for moves in tried]))
