"""The library: saved and checked as the contract says, and songs found as people name them."""

import json
import shlex

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from common import library
from common.arrays import standardise
from common.console import UserError
from common.files import ArtifactError
from common.library import COLUMNS, AmbiguousSongError, Library, SongNotFoundError
from common.paths import EXTRACT, Paths


def test_what_is_saved_comes_back(make_library):
    paths, made = make_library({"TRANCE": 3, "HOUSE": 2})
    loaded = library.load(paths)
    np.testing.assert_array_equal(loaded.embeddings, made.embeddings)
    assert loaded.columns == made.columns
    assert loaded.genre_names == ["HOUSE", "TRANCE"]
    assert loaded.indices_of("HOUSE") == [3, 4]
    assert loaded.song(0)["genre"] == "TRANCE"
    assert set(loaded.song(0)) == set(COLUMNS)


@pytest.mark.parametrize("artifact", ["embeddings", "metadata"])
def test_one_flipped_byte_anywhere_is_noticed(make_library, artifact):
    paths, _ = make_library({"TRANCE": 2})
    path = getattr(paths, artifact)
    whole = path.read_bytes()
    for position in {0, 5, len(whole) // 2, len(whole) - 1, *range(11, len(whole), len(whole) // 20)}:
        content = bytearray(whole)
        content[position] ^= 1
        path.write_bytes(content)
        with pytest.raises(ArtifactError, match=rf"{path.name} is damaged.*run: python 01"):
            library.load(paths)


@pytest.fixture
def own_folders(tmp_path, make_library):
    """A library in a folder with a space in its name, made from music that lies elsewhere."""
    _, made = make_library({"TRANCE": 2})
    paths = Paths(tmp_path / "my data", tmp_path / "my outputs")
    library.save(paths, made, {"root": "/my music"})
    return paths


def mended_by(sentence):
    """The words of the command that a sentence ends with, as a shell reads them."""
    return shlex.split(sentence.partition("; run: ")[2])


@pytest.mark.parametrize("harmed", ["embeddings", "metadata", "manifest"])
@pytest.mark.parametrize("content", [None, b"damaged"])
def test_what_is_missing_or_damaged_is_mended_by_the_command_that_is_told(own_folders, harmed, content):
    paths = own_folders
    music = [] if harmed == "manifest" else ["/my music"]
    path = getattr(paths, harmed)
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ArtifactError, match=rf"{path.name} (does not exist|is damaged)") as caught:
        library.load(paths)
    folders = ["--data", str(paths.data), "--outputs", str(paths.outputs)]
    assert mended_by(str(caught.value)) == [*EXTRACT.split(), *folders, *music]
    assert shlex.split(library.remedy(paths)) == [*EXTRACT.split(), *folders, *music]


def test_the_usual_folder_of_music_is_not_named(own_folders):
    library.save(own_folders, library.load(own_folders), {"root": str(own_folders.raw)})
    assert library.remedy(own_folders) == own_folders.command(EXTRACT)


def test_another_layout_is_refused(make_library):
    paths, _ = make_library({"TRANCE": 2})
    manifest = json.loads(paths.manifest.read_text())
    paths.manifest.write_text(json.dumps({**manifest, "layout_id": "another"}))
    with pytest.raises(ArtifactError, match="another layout"):
        library.load(paths)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"checksums": 3}', "\xff"])
def test_a_damaged_manifest_is_refused(make_library, content):
    paths, _ = make_library({"TRANCE": 2})
    paths.manifest.write_bytes(content.encode("latin-1"))
    with pytest.raises(ArtifactError, match="manifest"):
        library.load(paths)


def test_a_mismatched_pair_is_refused(make_library):
    paths, _ = make_library({"TRANCE": 2})
    old = paths.metadata.read_bytes()
    make_library({"TRANCE": 3})
    paths.metadata.write_bytes(old)
    with pytest.raises(ArtifactError, match="does not belong"):
        library.load(paths)


def test_a_broken_contract_is_never_saved(make_library, paths):
    _, made = make_library({"TRANCE": 2})
    broken = {
        "shape": Library(made.embeddings[:, :-1], made.columns),
        "float32": Library(made.embeddings.astype(float), made.columns),
        "NaN": Library(np.full_like(made.embeddings, np.nan), made.columns),
        "columns": Library(made.embeddings, {"song_name": ["a", "b"]}),
        "number of songs": Library(made.embeddings[:1], made.columns),
    }
    for message, wrong in broken.items():
        with pytest.raises(ValueError, match=message):
            library.save(paths, wrong, {})
    assert len(library.load(paths)) == 2


def test_some_songs_of_a_library_are_a_library_of_their_own(make_library):
    _, made = make_library({"A": 4, "B": 3})
    guest = made.with_guest(made.embeddings[0] + 1, made.song(0) | {"song_name": "mine"})
    some = guest.take(np.array([1, 4, 5]))
    assert (some.n_own, some.n_guests) == (3, 1)
    assert some.names == [made.names[1], made.names[4], made.names[5], "mine"]
    assert some.genres[:3] == ["A", "B", "B"]
    np.testing.assert_array_equal(some.embeddings[:3], made.embeddings[[1, 4, 5]])
    np.testing.assert_allclose(some.standardised[:3].mean(axis=0), 0, atol=1e-6)


def test_standardise_is_scikit_learns():
    values = np.random.default_rng(0).normal(3, 9, (20, 7)).astype(np.float32)
    values[:, 2] = 0.1
    expected = StandardScaler().fit_transform(values.astype(np.float64))
    expected[:, 2] = 0
    np.testing.assert_allclose(standardise(values), expected, atol=1e-12)
    assert not standardise(values[:1]).any()


@pytest.fixture
def shelf(make_library):
    _, made = make_library({"TRANCE": 5})
    names = ["Ärtist - Crying in the Rain", "Other - Crying", "Other - Sun", "B - Twin", "B - Twin"]
    made.columns["song_name"][:], made.columns["title"][:] = names, [None] * 5
    made.columns["file_path"][:] = [f"/music/{n}/{name}.mp3" for n, name in enumerate(names)]
    return made


@pytest.mark.parametrize(
    ("query", "row"),
    [("crying IN the", 0), ("artist", 0), ("Other - Crying", 1), ("sun", 2), ("/music/4/B - Twin.mp3", 4),
     ("twin /3/", 3), ("rain crying", 0), ("Other - Sun.mp3", 2), ("4/B - Twin.mp3", 4), ("3/B - Twin", 3),
     ("trance/3/b - twin", 3)],
)  # fmt: skip
def test_a_song_is_found_by_any_distinctive_part(shelf, query, row):
    assert shelf.find(query) == row


def test_ambiguity_lists_candidates(shelf):
    with pytest.raises(
        AmbiguousSongError, match=r"could be 2 songs, .*: #1 .*Crying in the Rain.*; #2 Other - Crying"
    ):
        shelf.find("cry")
    with pytest.raises(AmbiguousSongError, match=r"#1 /music/3/B - Twin.mp3; #2 /music/4/B - Twin.mp3$"):
        shelf.find("b - twin")


def test_of_many_candidates_the_rest_is_counted(make_library):
    _, made = make_library({"TRANCE": 11})
    with pytest.raises(AmbiguousSongError, match=r"could be 11 songs, .*; #8 \S[^;]*; and 3 more$"):
        made.find("song")


def test_the_number_of_a_candidate_chooses_it(shelf):
    assert [shelf.find(f"cry #{number}") for number in (1, 2)] == [0, 1]
    assert shelf.find("b - twin#2") == 4
    for number in (0, 3):
        with pytest.raises(SongNotFoundError):
            shelf.find(f"cry #{number}")
    names = [*shelf.names[:2], "Other - Cry #1", *shelf.names[3:]]
    assert Library(shelf.embeddings, {**shelf.columns, "song_name": names}).find("cry #1") == 2


def test_an_exact_title_wins_over_longer_ones(shelf):
    assert shelf.find("crying") == 1
    tagged = Library(shelf.embeddings, {**shelf.columns, "title": [None, None, "Cry", None, None]})
    assert tagged.find("cry") == 2


def test_a_miss_suggests_the_closest(shelf):
    with pytest.raises(
        SongNotFoundError, match=r"no song is called 'Other - Sum'; did you mean: Other - Sun"
    ):
        shelf.find("Other - Sum")
    with pytest.raises(SongNotFoundError, match="no song is called ''"):
        shelf.find("")


def test_a_file_that_is_there_comes_before_songs_of_such_a_name(shelf, tmp_path, monkeypatch):
    (tmp_path / "cry.mp3").touch()
    monkeypatch.chdir(tmp_path)
    assert shelf.find_or_file("cry.mp3") == tmp_path / "cry.mp3"
    assert shelf.find_or_file(shelf.paths[1]) == shelf.find_or_file("crying") == 1
    with pytest.raises(SongNotFoundError, match=r"^there is no file /gone/cry.wav, and no song is called"):
        shelf.find_or_file("/gone/cry.wav")


def test_a_path_without_its_ending_is_that_of_the_one_file_there(shelf, tmp_path, monkeypatch):
    for name in ("v1.2 - mix.wav", "two.wav", "two.mp3", "folder.d/a.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path.parent)
    for query in (f"{tmp_path}/v1.2 - mix", f"{tmp_path.name}/v1.2 - mix"):
        assert shelf.find_or_file(query) == tmp_path / "v1.2 - mix.wav"
    with pytest.raises(UserError, match=r"/two could be two\.mp3, two\.wav; write its ending$"):
        shelf.find_or_file(f"{tmp_path}/two")
    for query in (f"{tmp_path}/folder", f"{tmp_path}/gone/song"):
        with pytest.raises(SongNotFoundError, match=r"^no song is called"):
            shelf.find_or_file(query)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SongNotFoundError, match=r"^no song is called"):
        shelf.find_or_file("v1.2 - mix")


@pytest.mark.parametrize("query", ["~no such home", "x" * 300])
def test_what_can_be_no_path_is_only_a_miss(shelf, query):
    with pytest.raises(SongNotFoundError, match=r"^no song is called"):
        shelf.find_or_file(query)


@pytest.mark.parametrize("query", ["music", "mp3", "sun mp3"])
def test_what_all_songs_share_in_their_paths_finds_none(shelf, query):
    with pytest.raises(SongNotFoundError):
        shelf.find(query)


def test_a_folder_in_which_songs_differ_is_part_of_a_name(shelf):
    paths = [path.replace("/music", "/music/early" if row < 2 else "/music/late")
             for row, path in enumerate(shelf.paths)]  # fmt: skip
    sorted_ = Library(shelf.embeddings, {**shelf.columns, "file_path": paths})
    assert sorted_.matches("early") == [0, 1]
    assert sorted_.with_guest(shelf.embeddings[0], shelf.song(2)).matches("late") == [2, 3, 4]
