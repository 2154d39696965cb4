"""The verdict on one song and why, in plain language.

Conventions: reasons are those of `common.classifier.reasons`, in log-odds of one genre against another. A
song that was learned from is judged by the models of the folds that have not heard it, never by the final
model, which knows it by heart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from common.classifier.calibration import Experience, bin_of
from common.classifier.genre_sets import SetRule
from common.classifier.model import Model, is_unfamiliar
from common.classifier.reasons import Reasons, give_reasons
from common.text import count

LEAST_SPOKEN = 0.05
"""Groups that add less than this, in log-odds, are not spoken of."""


@dataclass(frozen=True)
class Explanation:
    """Everything there is to say about one song.

    Attributes
    ----------
    name, label
        The song's name, and the genre it is filed under; None outside the library.
    genres
        Names of the genres, as in the models.
    probability
        The verdict: the probability of each genre, shape (K,).
    lapse
        The share of songs about which the models' log-odds are taken to say nothing; see `model.Certainty`.
    n_held_out
        The number of models of folds, which had not heard the song, that judged it; 0 for the final model's
        verdict on a song that is not of its training songs.
    nearer
        The share of the training songs that lie nearer to a genre's centre, 0 to 1; 0 for a song that was
        learned from.
    genre_set
        Positions of the genres in the set with the promised coverage, likeliest first; empty if nothing can
        be promised, as of a song unlike those that were learned from.
    reasons
        The reasons for the likeliest genre and against the runner-up.
    """

    name: str
    label: str | None
    genres: tuple[str, ...]
    probability: np.ndarray
    lapse: float
    n_held_out: int
    nearer: float
    genre_set: list[int]
    reasons: Reasons

    @property
    def is_unfamiliar(self) -> bool:
        """Whether the song is unlike those that were learned from."""
        return is_unfamiliar(self.nearer)

    @property
    def first(self) -> str:
        """The likeliest genre."""
        return self.genres[self.reasons.first]

    @property
    def second(self) -> str:
        """The runner-up."""
        return self.genres[self.reasons.second]

    @property
    def p_first(self) -> float:
        """Probability of the likeliest genre."""
        return float(self.probability[self.reasons.first])

    @property
    def p_second(self) -> float:
        """Probability of the runner-up."""
        return float(self.probability[self.reasons.second])

    def of_the_two(self, margin: float) -> float:
        """Probability of the likeliest genre among the two, 0 to 1, if their log-odds were so many.

        It is as sure as the verdict: at the song's own log-odds it is ``p_first / (p_first + p_second)``.
        """
        both, lapse = self.p_first + self.p_second, self.lapse / len(self.genres)
        return (lapse + (both - 2.0 * lapse) * even_odds(margin)) / both

    @property
    def limit(self) -> str:
        """Why the probabilities are less than the log-odds; empty where that cannot be seen."""
        margin = self.reasons.margin
        if f"{even_odds(margin):.0%}" == f"{self.of_the_two(margin):.0%}":
            return ""
        most = 1.0 - self.lapse * (1.0 - 1.0 / len(self.genres))
        return (
            f"However large the log-odds, no verdict is surer than {most:.0%}: they are taken to say nothing "
            f"of {self.lapse:.0%} of songs, by what was seen on songs left out"
        )


def verdict(models: Sequence[Model], X: np.ndarray) -> np.ndarray:
    """What models of one certainty say together: the probabilities of their mean margins, shape (n, K)."""
    return models[0].certainty.probabilities(np.mean([model.margins(X) for model in models], axis=0))


def explain(
    models: Sequence[Model],
    embedding: np.ndarray,
    name: str,
    rule: SetRule,
    label: str | None = None,
    held_out: bool = False,
) -> Explanation:
    """Explain one song: likeliest genre against runner-up.

    Parameters
    ----------
    models
        The models that judge the song together: those of the folds that have not heard it, or the final one.
    embedding
        The embedding of the song, shape (``N_FEATURES``,).
    name, label
        The song's name and the genre it is filed under, if any.
    rule
        The rule that says which genres a set contains.
    held_out
        Whether the song was learned from, and the models are those of folds that have not heard it.
    """
    song = np.asarray(embedding, dtype=np.float64)
    probability = verdict(models, song[None, :])[0]
    second, first = (int(k) for k in np.argsort(probability, kind="stable")[-2:])
    nearer = 0.0 if held_out else float(models[0].share_nearer(song[None, :])[0])
    return Explanation(
        name=name,
        label=label,
        genres=models[0].genres,
        probability=probability,
        lapse=models[0].certainty.lapse,
        n_held_out=len(models) if held_out else 0,
        nearer=nearer,
        genre_set=[] if is_unfamiliar(nearer) else rule.genres(probability),
        reasons=give_reasons(models, song, first, second),
    )


def even_odds(margin: float) -> float:
    """Probability that belongs to log-odds."""
    return (1.0 + math.tanh(margin / 2.0)) / 2.0


def sentences(explanation: Explanation, experience: Experience, rule: SetRule) -> list[str]:
    """Put an explanation into plain language.

    Parameters
    ----------
    explanation
        The explanation of one song.
    experience
        Confidence against success, from which a sentence says how far to believe the verdict.
    rule
        The rule of genre sets, for what they promise.

    Returns
    -------
    list of str
        Paragraphs of one line each.
    """
    return [
        *_verdict(explanation),
        *_belief(explanation, experience, rule),
        *_pushes(explanation),
        _change(explanation),
    ]


NOT_HEARD = {"plain": "them", "artist": "their artists", "album": "their albums"}
"""What models had not heard of the songs that they judged: a key of ``TrainingSet.groups`` -> words."""


def _verdict(explanation: Explanation) -> Iterator[str]:
    if explanation.is_unfamiliar:
        yield (
            f"{explanation.name} is unlike the training songs: {explanation.nearer:.0%} of them lie nearer "
            "to an average one. Nothing is promised of it; what follows is a guess."
        )
    filed = f", filed under {explanation.label}," if explanation.label else ""
    yield (
        f"{explanation.name}{filed} sounds like {explanation.first} to the classifier "
        f"({explanation.p_first:.0%}), then {explanation.second} ({explanation.p_second:.0%})."
    )
    if explanation.n_held_out:
        who = "the model" if explanation.n_held_out == 1 else f"the {explanation.n_held_out} models"
        yield f"That is the verdict of {who} of cross-validation that had not heard it."


def _belief(explanation: Explanation, experience: Experience, rule: SetRule) -> Iterator[str]:
    """How often the model was right when it was as sure, on songs it had not seen; nothing of odd songs."""
    held_out = explanation.n_held_out > 0
    found = bin_of(experience.like(held_out), explanation.p_first)
    if found and not explanation.is_unfamiliar:
        unheard = NOT_HEARD["plain" if held_out else rule.way]
        yield (
            f"How far to believe it: of the {count(found.n, 'song')} of the library about which, not having "
            f"heard {unheard}, it was {found.low:.0%} to {found.high:.0%} sure, it was right about "
            f"{found.n_right}."
        )
    if explanation.genre_set:
        names = " or ".join(explanation.genres[k] for k in explanation.genre_set)
        yield f"With {rule.promised:.0%} certainty: {names} ({rule.basis})."


def _pushes(explanation: Explanation) -> Iterator[str]:
    reasons = explanation.reasons
    yield (
        f"Why {explanation.first} and not {explanation.second}: a song halfway between the two averages "
        f"starts at {reasons.base:+z.2f} log-odds, this one ends at {reasons.margin:+z.2f} "
        f"(more than 0 is {explanation.first})."
    )
    if explanation.limit:
        yield f"{explanation.limit}."
    for sign, genre in ((1, explanation.first), (-1, explanation.second)):
        for one in reasons.pushing(sign, LEAST_SPOKEN):
            because = f": {one.sentence}" if one.sentence else ", many small things together"
            yield f"  {abs(one.value):+.2f} towards {genre} by {one.group}{because}."


def _change(explanation: Explanation) -> str:
    """What the verdict hangs on: a group that would turn it if it lay halfway, or a little more so."""
    reasons = explanation.reasons
    strongest = max(reasons.groups, key=lambda one: one.value)
    without = reasons.margin - strongest.value
    if without < 0:
        return (
            f"What it hangs on: with {strongest.group} halfway between the two it would be "
            f"{explanation.second} ({1.0 - explanation.of_the_two(without):.0%} of the two)."
        )
    return (
        f"What it hangs on: no single group decides it; even with {strongest.group} halfway between the "
        f"two it would be {explanation.first} ({explanation.of_the_two(without):.0%} of the two)."
    )
