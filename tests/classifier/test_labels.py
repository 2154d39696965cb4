"""A listener's own labels: tables that people write, and folders inside the folders of genres."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.classifier.labels import FOLDERS, folder_labels, offered_folders, read_labels, subject_of
from common.classifier.questions import questions, told
from common.console import UserError
from common.library import UNKNOWN_GENRE

FIRST = "A Artist 1 - Song 001"


@pytest.fixture
def library_and_table(make_library, tmp_path):
    """A library of eight songs, and a function that reads its labels from the bytes of a table."""
    paths, made = make_library({"A": 4, "B": 4})

    def read(content: str | bytes, name: str = "moods.csv"):
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return read_labels(str(tmp_path / name), made, paths)

    return made, read


def test_songs_are_named_by_path_file_or_any_distinctive_part(library_and_table):
    made, read = library_and_table
    rows = [
        made.paths[0],
        "A/" + Path(made.paths[1]).name,
        Path(made.paths[2]).name,
        made.names[3],
        "b artist 2",
    ]
    labels = read("song,label\n" + "".join(f'"{row}",{"xyxyx"[i]}\n' for i, row in enumerate(rows)))
    assert labels.of_song == [("x",), ("y",), ("x",), ("y",), (), ("x",), (), ()]
    assert (labels.names, labels.n_labelled, labels.n_several) == (["x", "y"], 5, 0)
    assert labels.notices == []
    assert told(labels, 8)[1] == "3 songs without a label: not learned from, but predicted"


def test_several_labels_come_in_rows_in_cells_or_in_surplus_cells(library_and_table):
    made, read = library_and_table
    a, b, c = made.names[:3]
    labels = read(f'Song,Label\n{a},Happy\n{a},calm\n{b},"happy ; CALM|loud"\n{c},HAPPY,calm,,calm\n')
    assert labels.of_song[:3] == [("Happy", "calm"), ("Happy", "calm", "loud"), ("Happy", "calm")]


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_spreadsheets_write_other_delimiters_and_a_mark(library_and_table, delimiter, start):
    made, read = library_and_table
    rows = [("year", "label", "song"), ("1999", "x", made.names[0]), ("2001", "y", made.names[1])]
    labels = read(start + "\r\n".join(delimiter.join(row) for row in rows))
    assert labels.of_song[:3] == [("x",), ("y",), ()]


def test_what_is_unknown_or_ambiguous_is_named(library_and_table):
    made, read = library_and_table
    rows = f"{made.names[0]},x\n{made.names[1]},y\nno such\x1b[1m song,x\nSong 001,y\nSong 001,x\n"
    labels = read("song,label\n" + rows)
    assert labels.notices == [
        "'no such�[1m song' is no song of the library",
        "'Song 001' could be several songs",
    ]
    many = "".join(f"missing {i},x\n" for i in range(7))
    assert read("song,label\n" + rows + many).notices[0].startswith("8 names of the table are no songs")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("title,mood\nA,b\n", "no column song and no column label"),
        ("song,mood\nA,b\n", "no column label"),
        ("song,label\n", "no label; two are needed"),
        (
            "song,label\nA Artist 1 - Song 001,mine\n",
            "one label only: mine; two are needed, such as 'not mine'",
        ),
        (
            f"song,label\nA Artist 1 - Song 001,mine\nA Artist 2 - Song 002,{UNKNOWN_GENRE}\n",
            "one label only",
        ),
        ("song,label\ncafé,x\n".encode("latin-1"), "UTF-8"),
        ("song,label\n".encode("utf-16"), "UTF-8"),
        (bytes(range(256)) * 40, "UTF-8"),
        (b"\0" * 100, "no column"),
        ('song,label\n"' + "x" * 200_000, "no table"),
        (
            "song,label\n" + "".join(f"{FIRST},{i}\n" for i in range(300)),
            "more than 200 labels",
        ),
    ],
)
def test_a_bad_table_is_one_sentence(library_and_table, content, said):
    _, read = library_and_table
    with pytest.raises(UserError) as caught:
        read(content)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_missing_table_or_a_folder_is_one_sentence(make_library, tmp_path):
    paths, made = make_library({"A": 2, "B": 2})
    for path in (tmp_path, tmp_path / "missing.csv"):
        with pytest.raises(UserError, match=path.name):
            read_labels(str(path), made, paths)


def test_files_are_named_after_the_table(paths):
    place = paths.of_labels(subject_of("some/where/my moods.csv").labels)
    assert place.model.name == "labels_my_moods_classifier.pkl"
    assert place.report("boundary_songs.csv").name == "labels_my_moods_boundary_songs.csv"
    assert place.plot("genre_scores").name == "labels_my_moods_scores.png"
    assert place.gallery == paths.gallery


class TestQuestions:
    def test_one_label_per_song_is_one_question(self, library_and_table):
        made, read = library_and_table
        labels = read(f"song,label\n{made.names[0]},x\n{made.names[5]},y\n")
        (question,) = questions(made, labels)
        assert question.library.genres == ["x"] + [UNKNOWN_GENRE] * 4 + ["y"] + [UNKNOWN_GENRE] * 2
        assert question.library.names == made.names
        assert made.genres[0] == "A"

    def test_several_labels_are_asked_for_one_by_one(self, library_and_table):
        made, read = library_and_table
        labels = read(f"song,label\n{made.names[0]},x;y\n{made.names[5]},y\n{made.names[6]},z\n")
        asked = questions(made, labels)
        assert [one.subject.label for one in asked] == ["x", "y", "z"]
        assert [one.subject.labels for one in asked] == ["moods_x", "moods_y", "moods_z"]
        found = [[genre for genre in one.library.genres if genre != UNKNOWN_GENRE] for one in asked]
        assert found == [["x", "not x", "not x"], ["y", "y", "not y"], ["not z", "not z", "z"]]

    def test_long_labels_and_tables_still_make_names_of_files(self, library_and_table, paths):
        made, read = library_and_table
        labels = read(f"song,label\n{made.names[0]},{'é' * 300}/..;y\n{made.names[1]},y\n", "ä" * 90 + ".csv")
        for question in questions(made, labels):
            path = paths.of_labels(question.subject.labels).plot("shap_waterfall", "ü" * 300)
            assert path.parent == paths.plot("x").parent
            assert len(path.name.encode()) < 240


class TestFolders:
    def moved(self, made, root, places):
        for row, place in enumerate(places):
            made.columns["file_path"][row] = str(root / place / f"{row}.mp3")
        return made

    def test_the_second_folder_is_the_sub_genre(self, make_library):
        paths, made = make_library({"A": 4, "B": 4}, artists_per_genre=2)
        places = ["A/deep", "A/Deep", "A", "A/hard/live", "B/deep", "B/x", "/elsewhere/A/deep", ""]
        found = folder_labels(self.moved(made, paths.raw, places), paths.raw).of_song
        assert found == [("A/DEEP",), ("A/DEEP",), (), ("A/HARD",), ("B/DEEP",), ("B/X",), (), ()]
        with pytest.raises(UserError, match="no sub-genre"):
            read_labels(FOLDERS, made, paths)  # its manifest names no folder

    def test_folders_of_single_artists_are_not_offered(self, make_library):
        paths, made = make_library({"A": 4, "B": 4}, artists_per_genre=2)
        offered = self.moved(made, paths.raw, ["A/deep"] * 2 + ["A/hard"] * 2 + ["B"] * 4)
        assert offered_folders(offered, paths.raw) == ["A/DEEP", "A/HARD"]
        by_artist = self.moved(made, paths.raw, ["A/one", "A/two"] * 2 + ["B"] * 4)
        assert offered_folders(by_artist, paths.raw) == []
        assert offered_folders(made, None) == []
