"""Stage 3 as a command: what it writes, what it says, and how it ends."""

from __future__ import annotations

import csv
import dataclasses
import html
import importlib
import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from classifier_cases import saved

from common import charts, library
from common.classifier import folds, model_file, report, selection
from common.classifier.doubts import Doubt
from common.classifier.figures import draw_boundary
from common.classifier.findings import DoubtfulSong
from common.classifier.names import GENRES
from common.classifier.scores import Difference
from common.classifier.songs import gather
from common.console import FAILED, OK
from common.layout import GROUPS, N_FEATURES
from common.paths import PROJECT, TRAIN

pytestmark = pytest.mark.slow

stage = importlib.import_module("03_genre_classifier")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(folds, "REPEATS", dict.fromkeys(folds.REPEATS, 1))
    monkeypatch.setattr(selection, "ROUNDS", (0, 20))
    monkeypatch.setattr(selection, "SHRINKAGES", (0.3,))


def run(paths, *arguments):
    return stage.main(["--data", str(paths.data), "--outputs", str(paths.outputs), *arguments])


def one_error(capsys):
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(lines) == 1
    return lines[0]


def test_two_genres_end_to_end(make_library, capsys):
    paths, made = make_library({"ITALODANCE": 10, "TRANCE": 9, "UNKNOWN": 2})
    assert run(paths, "--song", made.names[3], "--components", "5") == OK
    out, err = capsys.readouterr()
    for word in ("What it can", "How sure", "What to distrust", "macro-F1", made.names[3], "log-odds"):
        assert word in out
    assert "next: python 04_similarity_search.py" in err.splitlines()[-1]
    for name in ("genre_scores", "genre_confusion", "shap_summary", "shap_dependence"):
        assert paths.plot(name).stat().st_size > 10_000
    assert paths.plot("shap_waterfall", made.names[3]).exists()
    found = json.loads(paths.report("genre_classifier.json").read_text())
    assert found["genres"] == {"ITALODANCE": 10, "TRANCE": 9}
    assert set(found["cross_validation"]) == {"plain", "artist", "album"}
    assert found["split"]["components"] == 5
    markdown = paths.report("genre_classifier.md").read_text()
    assert markdown.startswith(f"# {GENRES.title}\n\n## In short\n")
    assert "## Cross-validation" in markdown
    page = paths.html("genre_classifier").read_text()
    assert f"<title>{GENRES.title}</title>" in page
    assert f"<h1>{GENRES.title}</h1>" in page
    with paths.report("genre_predictions.csv").open(encoding="utf-8-sig") as file:
        predicted = list(csv.DictReader(file))
    assert [row["song"] for row in predicted] == made.names[-2:]
    assert all(0.5 <= float(row["p_first"]) <= 1 for row in predicted)
    (saved,) = model_file.load_trained(paths.model, TRAIN)
    assert saved.model.genres == ("ITALODANCE", "TRANCE")
    assert saved.about["scores"]["songs"] == 19
    assert paths.gallery.exists()
    with paths.report("genre_guesses.csv").open(encoding="utf-8-sig") as file:
        guesses = list(csv.DictReader(file))
    assert [row["file_path"] for row in guesses] == made.paths
    assert {row["guess"] for row in guesses} == {"ITALODANCE", "TRANCE"}
    assert not paths.report("songs.csv").exists()


def doubtful_library(make_library):
    """Three genres, with songs between two of them and one that seems misfiled, and a song without genre."""
    paths, made = make_library({"A": 12, "B": 12, "C": 12, "UNKNOWN": 1})
    for row in (3, 15):  # midway between two genres, so that they are boundary songs or the like
        made.embeddings[row] = (made.embeddings[0] + made.embeddings[12]) / 2
    made.embeddings[4] = made.embeddings[13] * 1.02
    made.columns["album"][4] = "a single"
    library.save(paths, made, {})
    return paths, made


def test_programs_can_read_everything_that_people_can(make_library, capsys):
    paths, made = doubtful_library(make_library)
    assert run(paths, "--song", made.names[15]) == OK
    printed = capsys.readouterr().out
    pictures = list(paths.plot("any").parent.glob("*.png"))
    assert {paths.plot("shap_summary", genre) for genre in "ABC"} <= set(pictures)
    assert all(charts.png_title(picture) for picture in pictures)
    found = json.loads(paths.report("genre_classifier.json").read_text())

    told = [line for lines in found["told"].values() for line in lines]
    page = html.unescape(paths.html("genre_classifier").read_text(encoding="utf-8"))
    assert all(line.strip() in page for line in told)
    headings = [block.strip().splitlines()[0] for block in printed.split("\n\n")[:-1]]
    assert set(headings) <= {title.upper() for title in found["told"]}
    assert headings[0] == "IN SHORT"
    assert len(found["told"]["In short"]) == 3
    assert len(printed.splitlines()) < 100

    model = model_file.load(paths.model, TRAIN)
    final = found["final_model"]
    assert (final["n_components"], final["shrinkage"], final["rounds"]) == dataclasses.astuple(model.settings)
    assert final["variance_retained"] == pytest.approx(model.representation.variance.sum())
    assert {one["name"] for one in found["components"]} <= {f"PC{i + 1}" for i in range(final["components"])}
    for one in found["components"][:8]:
        assert ", ".join(one["high"]) in page
        assert sum(one["groups"].values()) == pytest.approx(1.0)


def test_programs_can_read_what_is_said_of_songs(make_library):
    paths, made = doubtful_library(make_library)
    assert run(paths, "--song", made.names[15]) == OK
    found = json.loads(paths.report("genre_classifier.json").read_text())
    doubtful = [*found["boundary_songs"], *found["perhaps_mislabelled"]]
    assert {song["song"] for song in doubtful} >= {made.names[4]}
    with paths.report("boundary_songs.csv").open(encoding="utf-8-sig") as file:
        assert [row["song"] for row in csv.DictReader(file)] == [song["song"] for song in doubtful]
    assert [song["song"] for song in found["predictions"]] == made.names[-1:]
    assert set(found["plain_score_minus"]) == set(found["cross_validation"]) - {"plain"}

    why = found["explanation"]
    assert why["song"] == made.names[15]
    (known,) = model_file.load_trained(paths.model, TRAIN)
    judges = known.judges_of(known.heard.find(made.take([15])))
    assert why["models_that_had_not_heard_it"] == len(judges) == 1  # one repeat of each way of splitting
    p = judges[0].probabilities(made.embeddings[15:16].astype(float))[0]
    assert list(why["probability"].values()) == pytest.approx(p.tolist(), abs=1e-6)
    assert why["base"] + sum(group["value"] for group in why["groups"]) == pytest.approx(why["margin"])
    assert {group["group"] for group in why["groups"]} == set(GROUPS)
    sets = found["genre_sets"]
    assert sets["promised"] == 0.9
    assert set(sets["coverage"]) == set(sets["mean_size"]) <= set(found["cross_validation"])
    assert found["expected_calibration_error"] <= 1


def test_a_song_has_one_verdict_on_every_surface(make_library, capsys):
    paths, made = make_library({"A": 12, "B": 12}, artists_per_genre=6)
    made.embeddings[3] = (made.embeddings[:12].mean(axis=0) + made.embeddings[12:].mean(axis=0)) / 2
    library.save(paths, made, {})
    assert run(paths, "--song", made.names[3]) == OK
    printed = capsys.readouterr().out
    found = json.loads(paths.report("genre_classifier.json").read_text())
    why = found["explanation"]
    said = f"{why['first']} to the classifier ({why['probability'][why['first']]:.0%})"
    assert said in printed
    assert said in paths.report("genre_classifier.md").read_text()
    picture = charts.png_title(paths.plot("shap_waterfall", made.names[3]))
    assert f"{why['first']} {why['probability'][why['first']]:.0%}" in picture
    for song in [*found["boundary_songs"], *found["perhaps_mislabelled"]]:
        if song["song"] == made.names[3]:
            assert song["p_first"] == pytest.approx(why["probability"][why["first"]], abs=1e-3)


def test_a_large_library_is_said_to_be_sampled_and_nothing_is_lost(make_library, monkeypatch, capsys):
    paths, made = make_library({"A": 20, "B": 16})
    rng = np.random.default_rng(0)
    between = (made.embeddings[:20].mean(axis=0) + made.embeddings[20:].mean(axis=0)) / 2
    for row in (*range(6), *range(20, 26)):  # midway between the genres
        made.embeddings[row] = between + rng.normal(scale=2.0, size=N_FEATURES)
    library.save(paths, made, {})
    monkeypatch.setattr(folds, "MANY", 30)
    monkeypatch.setattr("common.classifier.findings.MOST_EXPLAINED", 12)
    for module in ("findings", "report", "publish"):
        monkeypatch.setattr(f"common.classifier.{module}.MOST_DOUBTS", 1)
    assert run(paths) == OK
    printed = capsys.readouterr().out
    assert "any song in 5 folds, once" in printed
    assert "Above 30 songs a split is not repeated" in printed
    assert "12 songs drawn at random" in paths.report("genre_classifier.md").read_text()
    found = json.loads(paths.report("genre_classifier.json").read_text())
    doubtful = [*found["boundary_songs"], *found["perhaps_mislabelled"]]
    assert len(doubtful) > 2
    with paths.report("boundary_songs.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["song"] for row in rows] == [song["song"] for song in doubtful]
    reasons = {
        kind: [bool(row["for_first"]) for row in rows if row["kind"] == kind]
        for kind in ("boundary", "mislabelled")
    }
    assert all(given == [True] + [False] * (len(given) - 1) for given in reasons.values() if given)
    page = paths.html("boundary_songs").read_text(encoding="utf-8")
    for given in reasons.values():
        said = f"The first 1 of {len(given)}; all are in boundary_songs.csv, the first 1 with reasons."
        assert len(given) < 2 or said in page


def test_a_very_large_library_is_learned_from_by_a_sample(make_library, capsys):
    paths, made = make_library({"A": 24, "B": 12, "C": 3, "LONE": 1, "UNKNOWN": 2})
    assert run(paths, "--sample", "13", "--song", made.names[5]) == OK
    err = capsys.readouterr().err
    assert "learning from 12 of 40 songs, drawn at random" in err
    written = paths.report("genre_classifier.md").read_text()
    assert "They were drawn at random from 40 songs" in written
    assert "Refitted on all 12 drawn songs" in written
    found = json.loads(paths.report("genre_classifier.json").read_text())
    assert found["genres"] == {"A": 7, "B": 3, "C": 2}
    # Only songs without a genre to learn from are predicted, not those that were not drawn.
    assert [song["song"] for song in found["predictions"]] == made.names[-3:]
    assert run(paths, "--sample", "40") == OK
    assert "drawn at random" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "interval", "expected"),
    [
        (0.11, (0.04, 0.18), "11 points of the plain score come from recognising the artist"),
        (0.012, (0.002, 0.03), "1 point of the plain score comes from recognising the artist"),
        (0.05, (-0.03, 0.14), "62%, 5 points less than on any song; that may be chance"),
        (-0.01, (-0.05, 0.04), "62%, 1 point more than on any song; that may be chance"),
        (0.0, (-0.04, 0.05), "62%, as much as on any song (95% interval: 4 points more to 5 less)"),
        (-0.05, (-0.09, -0.01), "62%, 5 points more than on any song (95% interval: 1 to 9 points more)"),
        (-0.05, (-0.08, 0.0), "any song; that may be chance (95% interval: 0 to 8 points more)"),
        (0.2, None, "62%, 20 points less than on any song; artists are too few to tell that from chance"),
    ],
)
def test_a_gain_is_named_only_when_it_is_clear(value, interval, expected):
    told = report.compare_ways("artist", 0.62, Difference(value, interval))
    assert expected in told
    assert told.endswith(".")


def test_a_hostile_title_is_text(make_library, capsys):
    paths, made = make_library({"A": 4, "B": 4})
    title = "<script>alert(1)</script> & | \x1b[31m $x_1$ 日本語"
    made.columns["song_name"][0] = title
    doubt = Doubt(0, "boundary", 0, 1, 0.51, 0.49, 0.51, 0.05)
    song = DoubtfulSong(doubt, title, "A", "/x", "A", "B", "mel: more", "")
    section = report.doubts_section([song], "Boundary songs", "Lead.", most=3, whole="boundary_songs.csv")
    assert "\x1b" not in section.as_text()
    assert r"\<script\>" in section.as_markdown()
    assert r"\|" in section.as_markdown()
    assert "<script>" not in section.as_html()
    assert "&lt;script&gt;" in section.as_html()
    assert draw_boundary(paths.plot("boundary_songs"), made, gather(made), [doubt]).exists()


@pytest.mark.parametrize("genres", [{"A": 2, "B": 2}, {"A": 10, "B": 2, "C": 1}])
def test_small_libraries(make_library, genres, capsys):
    paths, _ = make_library(genres, artists_per_genre=1)
    assert run(paths) == OK
    out, err = capsys.readouterr()
    assert "What it can" in out
    assert "no score with artists kept apart" in err


@pytest.mark.parametrize("genres", [{"A": 5}, {"A": 1}, {"A": 4, "B": 1}, {"UNKNOWN": 5}])
def test_one_genre_is_one_sentence(make_library, genres, capsys):
    paths, _ = make_library(genres)
    assert run(paths) == FAILED
    error = one_error(capsys)
    assert "genre" in error
    assert f"; put the songs into one folder per genre and run: {library.remedy(paths)}" in error


def test_identical_songs_are_one_sentence(make_library, capsys):
    paths, made = make_library({"A": 4, "B": 4})
    made.embeddings[:] = made.embeddings[0]
    library.save(paths, made, {})
    assert run(paths) == FAILED
    assert "recording" in one_error(capsys)


def test_without_a_library_or_a_model(paths, tmp_path, capsys):
    assert run(paths) == FAILED
    assert "01_feature_extraction" in one_error(capsys)
    assert run(paths, "--predict", str(tmp_path / "x.wav")) == FAILED
    assert TRAIN in one_error(capsys)


def test_an_unknown_song_is_named_before_the_work(make_library, capsys):
    paths, _ = make_library({"A": 4, "B": 4})
    assert run(paths, "--song", "no such song") == FAILED
    assert "no such song" in one_error(capsys)
    assert not paths.model.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--components", "0"],
        ["--components", "x"],
        ["--sample", "3"],
        ["--sample", "-1"],
        ["--song", "a", "--predict", "b"],
    ],
)
def test_wrong_usage(paths, arguments):
    with pytest.raises(SystemExit) as caught:
        run(paths, *arguments)
    assert caught.value.code == 2


def test_predict_goes_from_audio_to_words(make_library, tmp_path, capsys):
    paths, _ = make_library({"A": 5, "B": 5})
    assert run(paths) == OK
    file = tmp_path / "new song.wav"
    seconds = np.arange(22_050 * 3) / 22_050
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * 220 * seconds), 22_050)
    capsys.readouterr()
    assert run(paths, "--predict", str(file)) == OK
    out, err = capsys.readouterr()
    assert "new song sounds like" in out
    assert "Nothing is promised of it" in out
    assert "certainty" not in out
    assert "unlike the training songs" in err
    assert paths.plot("shap_waterfall", "new song").exists()


def test_predict_of_what_is_no_audio(make_library, tmp_path, capsys):
    paths, made = make_library({"A": 5, "B": 5})
    model = selection.fit_final(gather(made), (3,))
    model_file.save([saved(model)], paths.model)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"not audio")
    assert run(paths, "--predict", str(broken), str(tmp_path / "missing.wav")) == FAILED
    assert capsys.readouterr().err.splitlines()[1:] == [
        f"error: {broken}: not decodable as audio: Format not recognised.",
        f"error: there is no file {tmp_path / 'missing.wav'}",
    ]


def test_help_is_quick_and_says_what_it_reads(tmp_path):
    script = PROJECT / "03_genre_classifier.py"
    done = subprocess.run(
        [sys.executable, script, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    for word in ("Reads", "Writes", "Run", "--predict", "--components", "--song"):
        assert word in done.stdout
    light = (
        "import importlib, sys; importlib.import_module('03_genre_classifier'); "
        "assert not {'numpy', 'xgboost', 'shap', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", light], cwd=PROJECT, check=True)


def test_predict_knows_a_song_it_has_learned_from(make_library, tmp_path, monkeypatch, capsys):
    paths, made = make_library({"A": 8, "B": 8})
    made.embeddings[2] = made.embeddings[9] + 6.0  # filed under A, sounds like B
    library.save(paths, made, {})
    assert run(paths, "--song", made.names[2]) == OK
    why = json.loads(paths.report("genre_classifier.json").read_text())["explanation"]
    capsys.readouterr()

    def analyse(file):
        facts = made.song(2) | {"duration": made.song(2)["duration"] + 0.1, "song_name": "copy"}
        heard = SimpleNamespace(embedding=made.embeddings[2] + 0.1, metadata=lambda genre: facts)
        return SimpleNamespace(song=heard)

    monkeypatch.setattr("common.song.analyse", analyse)
    assert run(paths, "--predict", str(tmp_path / "copy.wav")) == OK
    out, err = capsys.readouterr()
    assert f"copy.wav is the recording of a song that was learned from, {made.names[2]}: models" in err
    assert f"sounds like {why['first']} to the classifier" in out
    assert "had not heard it" in out
    monkeypatch.setattr("common.classifier.heard.copies", lambda *_: np.array([], dtype=int))
    assert run(paths, "--predict", str(tmp_path / "copy.wav")) == OK
    assert "learned from" not in capsys.readouterr().err


def write_labels(tmp_path, made, label_of):
    table = tmp_path / "moods.csv"
    rows = [f'"{name}",{label}' for name, label in zip(made.names, label_of, strict=True) if label]
    table.write_text("\n".join(["song,label", *rows, "nobody,x"]))
    return str(table)


def test_own_labels_are_learned_beside_the_genres(make_library, tmp_path, capsys):
    """Labels across the genres: the songs' numbers say A or B, and so do the labels but for two songs."""
    paths, made = make_library({"A": 10, "B": 10})
    labels = ["calm"] * 9 + [None] + ["loud"] * 9 + [None]
    table = write_labels(tmp_path, made, labels)
    assert run(paths, "--labels", table, "--song", made.names[9]) == OK
    out, err = capsys.readouterr()
    assert "18 songs with 2 labels" in err
    assert "2 songs without a label" in err
    assert "'nobody' is no song of the library" in err
    assert "right one of 2 labels" in out
    assert "LABEL BY LABEL" in out
    place = paths.of_labels("moods")
    found = json.loads(place.report("genre_classifier.json").read_text())
    assert found["genres"] == {"calm": 9, "loud": 9}
    assert set(found["cross_validation"]) == {"plain", "artist", "album"}
    assert found["left_out"] == ["'nobody' is no song of the library"]
    assert [(song["song"], song["first"]) for song in found["predictions"]] == [
        (made.names[9], "calm"),
        (made.names[19], "loud"),
    ]
    assert place.model.name == "labels_moods_classifier.pkl"
    assert not paths.model.exists()
    assert place.report("genre_classifier.md").read_text().startswith("# The classifier of moods\n")
    assert "labels_moods_classifier.html" in paths.gallery.read_text()
    assert "genre" not in out.replace("04_similarity", "").lower().replace("genre_", "")


def test_several_labels_per_song_are_judged_one_by_one(make_library, tmp_path, capsys):
    paths, made = make_library({"A": 8, "B": 8})
    labels = [genre + (" ; late" if row % 8 > 3 else "") for row, genre in enumerate(made.genres)]
    table = write_labels(tmp_path, made, [*labels[:-1], "B|odd"])
    assert run(paths, "--labels", table, "--song", made.names[0]) == OK
    out, _ = capsys.readouterr()
    assert f"LABELS OF {made.names[0].upper()}" in out
    assert "odd is left out" in out
    found = json.loads(paths.of_labels("moods").report("genre_classifier.json").read_text())
    assert set(found["labels"]) == {"A", "B", "late"}
    assert found["labels"]["late"]["genres"] == {"late": 7, "not late": 9}
    assert found["labels"]["A"]["cross_validation"]["artist"]["model"]["accuracy"] > 0.9
    trained = model_file.load_trained(paths.of_labels("moods").model, TRAIN)
    assert [one.subject.label for one in trained] == ["A", "B", "late"]
    assert paths.of_labels("moods_late").plot("genre_scores").exists()
    assert charts.png_title(paths.of_labels("moods_late").plot("shap_summary")) == "What speaks for late"


def test_predict_says_every_label(make_library, tmp_path, monkeypatch, capsys):
    paths, made = make_library({"A": 8, "B": 8})
    found = []
    for label in ("fast", "calm"):
        sides = [label if (genre == "A") == (label == "calm") else f"not {label}" for genre in made.genres]
        training = gather(library.Library(made.embeddings, {**made.columns, "genre": sides}))
        about = {"subject": {"noun": "label", "title": "", "labels": "moods", "label": label}}
        found.append(saved(selection.fit_final(training, (3,)), about=about))
    model_file.save(found, paths.of_labels("moods").model)
    heard = SimpleNamespace(embedding=made.embeddings[2], metadata=lambda genre: made.song(2))
    monkeypatch.setattr("common.song.analyse", lambda file: SimpleNamespace(song=heard))
    assert run(paths, "--labels", "moods.csv", "--predict", str(tmp_path / "new.wav")) == OK
    out, _ = capsys.readouterr()
    rows = [line.split() for line in out.splitlines() if line.startswith(("fast", "calm"))]
    assert [(row[0], row[2]) for row in rows] == [("calm", "yes"), ("fast", "no")]
    assert run(paths, "--labels", "other.csv", "--predict", str(tmp_path / "new.wav")) == FAILED
    assert "--labels other.csv" in one_error(capsys)
