"""The table of all songs holds what is known of each, as CSV and as a page, in whatever order stages run."""

import csv
import json
import re

import pytest
from libraries import random_library

from common.classifier.guesses import Guess, guesses_file, read_guesses, write_guesses
from common.music import keys
from common.overview.publish import refresh_guesses, write_songs
from common.overview.songs import COLUMNS, cluster_names, read_table, song_rows, table_file
from common.overview.songs_page import MOST_LISTED, Listing
from common.search.clusters import Cluster, Grouping

EVIL = '=1+1"</script><b>x'


@pytest.fixture
def small():
    library = random_library(30)
    library.columns["song_name"][0] = EVIL
    library.columns["genre"][3] = "HOUSE"
    library.columns["bpm"][1] = 0.0
    library.columns["key"][2] = library.columns["key_confidence"][2] = None
    library.columns["year"][0] = "2003-05-01"
    library.columns["key"][4], library.columns["key_confidence"][4] = "A minor", 0.01
    return library


NEAREST = {row: ((row + 1) % 30, 0.5) for row in range(29)}
GROUPINGS = [
    Grouping(None, 30, 0.9, (Cluster((0, 1), ("fast", "bright")), Cluster((2,), ()))),
    Grouping("TRANCE", 29, 0.9, (Cluster((1, 5), ("dark",)),)),
]


def write(paths, library):
    return write_songs(paths, song_rows(library, NEAREST, GROUPINGS, read_guesses(paths)))


def csv_rows(paths):
    with table_file(paths).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def page_content(paths):
    page = paths.html("songs").read_text(encoding="utf-8")
    return json.loads(re.search(r'id="table">(.*?)</script>', page, re.DOTALL)[1]), page


def test_every_song_has_a_row_with_what_is_known_of_it(paths, small):
    write(paths, small)
    rows = csv_rows(paths)
    assert list(rows[0]) == [column.name for column in COLUMNS]
    assert [row["file_path"] for row in rows] == small.paths
    assert table_file(paths).read_bytes().startswith(b"\xef\xbb\xbf")
    assert rows[0]["song"] == f"'{EVIL}"
    assert (rows[0]["year"], rows[0]["nearest"], rows[0]["nearest_similarity"]) == ("2003", "Song 1", "0.5")
    assert (rows[1]["bpm"], rows[2]["key"], rows[29]["nearest"]) == ("", "", "")
    assert rows[4]["key"] == keys(small)[4].label != "A minor 8A"
    assert float(rows[5]["loudness"]) == pytest.approx(small.columns["loudness"][5], abs=0.051)
    assert [rows[i]["cluster"] for i in (0, 1, 2, 3, 5)] == [
        *("fast, bright", "fast, bright", "no audible trait of its own", "", "TRANCE: dark")
    ]


def test_the_table_is_read_as_it_was_written(paths, small):
    write(paths, small)
    assert list(read_table(paths)) == list(song_rows(small, NEAREST, GROUPINGS, {}))


def test_the_page_holds_the_table_escaped_and_needs_no_network(paths, small):
    write(paths, small)
    content, page = page_content(paths)
    assert len(content["rows"]) == 30
    assert content["rows"][0][0] == EVIL
    assert "<b>x" not in page
    assert not re.search(r"(src|href)=.https?:|@import|url\(", page)
    headers = [column["header"] for column in content["columns"]]
    assert {"song", "genre", "tempo", "key", "loudness", "cluster", "nearest song"} <= set(headers)
    assert "guess" not in headers  # nobody has guessed yet
    assert content["rows"][1][headers.index("tempo")] is None


def test_guesses_come_in_whichever_stage_runs_first(paths, small):
    guessed = [(path, Guess("HOUSE", 0.75)) for path in small.paths[:20]]
    assert refresh_guesses(paths) == []
    write(paths, small)
    assert csv_rows(paths)[0]["guess"] == ""
    write_guesses(paths, guessed)
    assert table_file(paths) in refresh_guesses(paths)
    after = csv_rows(paths)
    assert (after[0]["guess"], after[0]["guess_probability"]) == ("HOUSE", "0.75")
    assert (after[25]["guess"], after[0]["nearest"]) == ("", "Song 1")
    before = table_file(paths).read_bytes()
    write(paths, small)
    assert table_file(paths).read_bytes() == before
    assert "guess" in [column["header"] for column in page_content(paths)[0]["columns"]]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"\xff\xfe",
        b"file_path,guess,probability\na,HOUSE,much\nb\nc,HOUSE,-1\nd,HOUSE,nan\n",
        b"a,b\n",
    ],
)
def test_damaged_guesses_are_none(paths, content):
    guesses_file(paths).parent.mkdir(parents=True)
    guesses_file(paths).write_bytes(content)
    assert read_guesses(paths) == {}


def test_a_table_of_another_kind_is_left_alone(paths):
    table_file(paths).parent.mkdir(parents=True)
    table_file(paths).write_text("mine,own\n1,2\n", encoding="utf-8")
    assert refresh_guesses(paths) == []
    assert table_file(paths).read_text(encoding="utf-8") == "mine,own\n1,2\n"


def test_a_table_with_words_for_numbers_cannot_be_read(paths, small):
    write(paths, small)
    text = table_file(paths).read_text(encoding="utf-8-sig").replace("2003", "long ago")
    table_file(paths).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="long ago"):
        refresh_guesses(paths)


def test_guests_have_no_row(paths, small):
    guest = small.with_guest(small.embeddings[0], small.song(0))
    assert len(list(song_rows(guest, NEAREST, GROUPINGS, {}))) == 30


def test_clusters_across_genres_go_before_those_within():
    assert cluster_names(GROUPINGS) == {
        0: "fast, bright", 1: "fast, bright", 2: "no audible trait of its own", 5: "TRANCE: dark",
    }  # fmt: skip


def listed(rows):
    listing = Listing()
    assert list(listing.watch(rows)) == rows
    return listing


def test_the_page_is_the_same_whether_made_from_rows_or_from_the_table(paths, small):
    small.columns["album"][5] = ""
    page = write(paths, small)[1]
    made = page.read_text(encoding="utf-8")
    refresh_guesses(paths)
    assert page.read_text(encoding="utf-8") == made


def test_of_very_many_songs_the_page_lists_those_of_the_map():
    rows = [{"song": str(i), "nearest": "x" if i % 3 == 0 else None} for i in range(MOST_LISTED + 1)]
    listing = listed(rows)
    assert listing.n_songs == MOST_LISTED + 1
    assert [row["song"] for row in listing.rows[:3]] == ["0", "3", "6"]
    assert len(listed(rows[:-1]).rows) == MOST_LISTED
    unknown = [{"song": "a", "nearest": None}] * (MOST_LISTED + 5)
    assert len(listed(unknown).rows) == MOST_LISTED
