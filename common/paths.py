"""Every file and command name, written once."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from common.text import slug

PROJECT = Path(__file__).resolve().parent.parent
"""The folder that holds the four scripts; ``data/`` and ``outputs/`` lie in it by default."""


EXTRACT = "python 01_feature_extraction.py"
JOURNEY = "python 02_embedding_journey.py"
TRAIN = "python 03_genre_classifier.py"
SEARCH = "python 04_similarity_search.py"
"""The commands that run the four scripts."""


PLAYLIST = ".m3u8"
"""Ending of the playlists that players and the gallery open."""


class Output(StrEnum):
    """How the name of every picture, page and report begins; `Paths` adds folder, song and ending."""

    MAP_2D = "map_2d"
    MAP_3D = "map_3d"
    JOURNEY = "journey"
    WAY = "journey_map"
    PERSPECTIVES = "three_perspectives"
    CLASSIFIER = "genre_classifier"
    SCORES = "genre_scores"
    CONFUSION = "genre_confusion"
    BOUNDARY = "boundary_songs"
    PREDICTIONS = "genre_predictions"
    SUMMARY = "shap_summary"
    DEPENDENCE = "shap_dependence"
    WATERFALL = "shap_waterfall"
    TOWARDS = "towards"
    SIMILARITY_MATRIX = "genre_similarity_matrix"
    SIMILARITY = "genre_similarity"
    COMPARE = "compare"
    MATCH = "match"
    LABELS = "labels"
    SONGS = "songs"
    GUESSES = "genre_guesses"
    TREND = "trend"
    CONTENTS = "contents"
    SUMMARY_LINES = "overview"
    GATHERED = "all"


@dataclass(frozen=True)
class Paths:
    """Every file that stages hand to each other or to the user, named once.

    Attributes
    ----------
    data, outputs
        The two folders (``--data`` and ``--outputs``).
    labels
        What the classifier's files are named after if it was trained on a listener's own labels; None for
        genres. See `of_labels`.
    """

    data: Path
    outputs: Path
    labels: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", typed_path(self.data))
        object.__setattr__(self, "outputs", typed_path(self.outputs))

    def command(self, script: str, *words: str) -> str:
        """A command line that works on these folders.

        Parameters
        ----------
        script
            The command that runs the script, such as `SEARCH`.
        *words
            The words that follow it, as a shell reads them; they are quoted where that is needed.
        """
        folders: list[str] = []
        for option in ("data", "outputs"):
            if getattr(self, option) != PROJECT / option:
                folders += [f"--{option}", str(getattr(self, option))]
        return " ".join([script, *map(shlex.quote, [*folders, *words])])

    def of_labels(self, labels: str | None) -> Paths:
        """The same folders, where what the classifier writes is named after a set of labels, or not."""
        return replace(self, labels=labels)

    @property
    def raw(self) -> Path:
        return self.data / "raw"

    @property
    def demo(self) -> Path:
        return self.data / "demo"

    @property
    def processed(self) -> Path:
        return self.data / "processed"

    @property
    def embeddings(self) -> Path:
        return self.processed / "embeddings.npy"

    @property
    def metadata(self) -> Path:
        return self.processed / "metadata.pkl"

    @property
    def manifest(self) -> Path:
        return self.processed / "manifest.json"

    @property
    def skipped(self) -> Path:
        return self.processed / "skipped.csv"

    @property
    def store(self) -> Path:
        return self.data / "store.sqlite"

    @property
    def landmarks(self) -> Path:
        return self.data / "landmarks.sqlite"

    @property
    def measurements(self) -> Path:
        return self.data / "measurements.json"

    @property
    def model(self) -> Path:
        return self.outputs / "models" / f"{output_name(Output.CLASSIFIER, self.labels)}.pkl"

    @property
    def gallery(self) -> Path:
        return self.outputs / "html" / "index.html"

    @property
    def names(self) -> Path:
        return self.outputs / "names.json"

    def space(self, name: str) -> Path:
        """Path of a similarity space of a library too large to compute it anew at every start."""
        return self.processed / "spaces" / f"{name}.npy"

    def plot(self, name: str, song: str | None = None) -> Path:
        """Path of a figure, ``outputs/plots/<name>[_<song>].png``."""
        return self.outputs / "plots" / f"{self._stem(name, song)}.png"

    def html(self, name: str, song: str | None = None) -> Path:
        """Path of a page, ``outputs/html/<name>[_<song>].html``."""
        return self.outputs / "html" / f"{self._stem(name, song)}.html"

    def mix(self, name: str, song: str) -> Path:
        """Path of rendered audio, ``outputs/mixes/<name>_<song>.wav``."""
        return self.outputs / "mixes" / f"{self._stem(name, song)}.wav"

    def report(self, name: str) -> Path:
        """Path of a report, ``outputs/reports/<name>``; the name carries its ending."""
        return self.outputs / "reports" / output_name(name, self.labels)

    def playlist(self, name: str, ending: str = PLAYLIST) -> Path:
        """Path of a playlist, ``outputs/playlists/<name>.m3u8`` or with the ending of another format."""
        return self.outputs / "playlists" / f"{slug(name)}{ending}"

    def _stem(self, name: str, song: str | None) -> str:
        name = output_name(name, self.labels)
        return name if song is None else f"{name}_{slug(song)}"


def typed_path(text: str | Path) -> Path:
    """The absolute path that a person means; ``~`` is a home, or part of a name where it is none.

    ``..`` is followed, for playlists and other programs read what is written; links that need not be stay.
    """
    path = Path(os.path.expanduser(text)).absolute()
    parts = path.parts
    upto = max((number for number, part in enumerate(parts, 1) if part == os.pardir), default=0)
    if not upto or "\0" in str(path):  # no file is called so, and none can be looked for
        return path
    return Path(os.path.realpath(Path(*parts[:upto])), *parts[upto:])


def folders_apart(files: Sequence[str]) -> list[str]:
    """The folder of every file as seen from the innermost one that holds all of them, with slashes around."""
    folders = [os.path.dirname(file) for file in files]
    try:
        shared = os.path.commonpath(folders)
    except ValueError:  # no file, or files on several drives
        shared = ""
    return [os.path.join(os.sep, folder.removeprefix(shared).strip(os.sep), "") for folder in folders]


def output_name(name: str, labels: str | None) -> str:
    """How a file of the classifier is called.

    Parameters
    ----------
    name
        Its name where songs are sorted by genre, such as ``genre_scores``.
    labels
        The set of labels that songs are sorted by, such as ``moods``, for ``labels_moods_scores``; None for
        genres.
    """
    return name if labels is None else f"{Output.LABELS}_{labels}_{name.removeprefix('genre_')}"
