"""Playlists for other programs, read back by parsers that are not ours."""

import xml.etree.ElementTree as ET
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit

import m3u8
import pytest
import xspf_lib
from pyrekordbox.rbxml import RekordboxXml
from traktor_nml_utils.models.collection import Nml
from xsdata.formats.dataclass.parsers import XmlParser

from common.library import COLUMNS, UNKNOWN_GENRE
from common.playlists import files, rekordbox, traktor

ODD = 'Tom & Jerry\'s <é> 日本 "x" 100%#?'
CUES = [{"at": 0.0234, "name": "intro"}, {"at": 27.4519, "name": "drop & <break>"}]


def song(path: str, **facts) -> dict:
    known = {
        "song_name": Path(path).stem,
        "file_path": path,
        "genre": "TRANCE",
        "duration": 245.678,
        "bpm": 137.98,
        "beat_offset": 0.0234,
        "downbeat_offset": 0.4583,
        "key": "F♯ minor",
        "camelot": "11A",
        "tempo": 137.98,
        "cues": CUES,
    }
    return dict.fromkeys(COLUMNS) | known | facts


@pytest.fixture
def songs() -> list[dict]:
    """A song with everything, one of which little is known, and the first one again."""
    full = song(f"/music/{ODD}/{ODD}.mp3", title=ODD, artist="Ä & B", album="<A>", year="2003-05-01")
    unknown = {"genre": UNKNOWN_GENRE, "bpm": 0.0, "beat_offset": None, "downbeat_offset": None, "key": None}
    bare = song("/music/b.flac", **unknown, cues=[])
    return [full, bare, full]


def write(paths, songs, form: str, **options) -> Path:
    (written,) = files.export(paths, ODD, songs, formats=[form], **options)
    return written


def nml_of(paths, songs) -> Nml:
    """What traktor-nml-utils makes of the file; its own reader leaves the file open."""
    return XmlParser().from_string(write(paths, songs, "traktor").read_text(encoding="utf-8"), Nml)


class TestRekordbox:
    def test_a_track_comes_back_as_it_was(self, paths, songs):
        collection = RekordboxXml(write(paths, songs, "rekordbox"))
        assert collection.num_tracks == 2
        track = collection.get_track(TrackID=1)
        assert (track.Name, track.Artist, track.Album, track.Year) == (ODD, "Ä & B", "<A>", 2003)
        assert track.Location.lstrip("/") == songs[0]["file_path"].lstrip("/")
        assert track.AverageBpm == pytest.approx(137.98, abs=0.01)
        assert track.Tonality == "F#m"
        (grid,) = track.tempos
        assert grid.Inizio == pytest.approx(0.4583, abs=0.001)
        assert (grid.Bpm, grid.Metro, grid.Battito) == (137.98, "4/4", 1)

    @pytest.mark.parametrize("numbers", [(-1, -1), (0, 1)])
    def test_every_cue_is_a_memory_cue_and_a_hot_cue(self, paths, songs, numbers):
        track = RekordboxXml(write(paths, songs, "rekordbox")).get_track(TrackID=1)
        marks = [mark for mark in track.marks if (mark.Num < 0) == (numbers[0] < 0)]
        assert [mark.Num for mark in marks] == list(numbers)
        assert [mark.Name for mark in marks] == [cue["name"] for cue in CUES]
        assert [mark.Start for mark in marks] == pytest.approx([cue["at"] for cue in CUES], abs=0.001)

    def test_what_is_not_known_is_not_written(self, paths, songs):
        track = RekordboxXml(write(paths, songs, "rekordbox")).get_track(TrackID=2)
        assert "Location" in set(track)
        assert not {"AverageBpm", "Tonality", "Artist", "Album", "Genre", "Year", "Size"} & set(track)
        assert (track.tempos, track.marks) == ([], [])

    def test_the_playlist_keeps_its_order_and_repeats(self, paths, songs):
        playlist = RekordboxXml(write(paths, songs, "rekordbox")).root_playlist_folder.get_node(0)
        assert (playlist.name, playlist.get_tracks()) == (ODD, [1, 2, 1])

    def test_more_cues_than_hot_cues_are_memory_cues(self, paths):
        many = [{"at": float(second), "name": str(second)} for second in range(11)]
        path = write(paths, [song("/a.mp3", cues=many)], "rekordbox")
        marks = RekordboxXml(path).get_track(TrackID=1).marks
        assert [mark.Num for mark in marks if mark.Num >= 0] == list(range(8))
        assert sum(mark.Num < 0 for mark in marks) == 11

    @pytest.mark.parametrize(
        ("path", "address"),
        [
            (PurePosixPath("/Users/me/a b#.mp3"), "file://localhost/Users/me/a%20b%23.mp3"),
            (PureWindowsPath(r"C:\Music\é.mp3"), "file://localhost/C:/Music/%C3%A9.mp3"),
        ],
    )
    def test_addresses_are_rekordboxs_own(self, path, address):
        assert rekordbox.location(path) == address


class TestTraktor:
    def test_a_track_comes_back_as_it_was(self, paths, songs):
        nml = nml_of(paths, songs)
        assert [entry.title for entry in nml.collection.entry] == [ODD, "b"]
        entry = nml.collection.entry[0]
        assert (entry.artist, entry.album.title, entry.info.genre) == ("Ä & B", "<A>", "TRANCE")
        assert (entry.location.dir, entry.location.file) == (f"/:music/:{ODD}/:", f"{ODD}.mp3")
        assert entry.tempo.bpm == pytest.approx(137.98, abs=0.01)
        assert entry.musical_key.value_attribute == 12 + 6
        assert entry.info.playtime_float == pytest.approx(245.678, abs=0.001)

    def test_grid_and_cues_are_where_they_were(self, paths, songs):
        grid, *cues = nml_of(paths, songs).collection.entry[0].cue_v2
        assert (grid.name, grid.type, grid.grid.bpm) == ("AutoGrid", 4, pytest.approx(137.98))
        assert grid.start == pytest.approx(458.3, abs=1.0)
        assert [cue.name for cue in cues] == [cue["name"] for cue in CUES]
        assert [cue.start for cue in cues] == pytest.approx([23.4, 27451.9], abs=1.0)
        assert [(cue.type, cue.hotcue) for cue in cues] == [(0, 0), (0, 1)]

    def test_what_is_not_known_is_not_written(self, paths, songs):
        entry = nml_of(paths, songs).collection.entry[1]
        assert (entry.tempo, entry.musical_key, entry.album, entry.cue_v2) == (None, None, None, [])
        assert entry.info.genre is None

    def test_the_playlist_keeps_its_order_and_repeats(self, paths, songs):
        nml = nml_of(paths, songs)
        (node,) = nml.playlists.node.subnodes.node
        keys = [entry.primarykey.key for entry in node.playlist.entry]
        known = ["/:music/:" + ODD + "/:" + ODD + ".mp3", "/:music/:b.flac"]
        assert (node.name, keys) == (ODD, [known[0], known[1], known[0]])

    @pytest.mark.parametrize(
        ("path", "place"),
        [
            (PurePosixPath("/Users/me/a.mp3"), ("", "/:Users/:me/:", "a.mp3")),
            (PurePosixPath("/Volumes/DJ/set/a.mp3"), ("DJ", "/:set/:", "a.mp3")),
            (PureWindowsPath(r"C:\Music\a.mp3"), ("C:", "/:Music/:", "a.mp3")),
        ],
    )
    def test_places_are_traktors_own(self, path, place):
        assert traktor.location(path) == place

    @pytest.mark.parametrize(
        ("key", "number"),
        [("C major", 0), ("D♭ major", 1), ("B major", 11), ("A minor", 21), ("E♭ minor", 15)],
    )
    def test_keys_are_numbered_from_c(self, key, number):
        assert traktor.key_number(key) == number


class TestXspf:
    def test_a_track_comes_back_as_it_was(self, paths, songs):
        playlist = xspf_lib.Playlist.parse(str(write(paths, songs, "xspf")))
        assert (playlist.title, len(playlist)) == (ODD, 3)
        first = playlist[0]
        assert (first.title, first.creator, first.album) == (ODD, "Ä & B", "<A>")
        assert int(first.duration) == 245678
        (address,) = map(str, first.location)
        assert unquote(address) == "file://" + songs[0]["file_path"]
        assert playlist[1].creator is None

    def test_addresses_may_be_relative(self, paths):
        inside = str(paths.outputs / "playlists" / "a b" / "é:#.mp3")
        root = ET.parse(write(paths, [song(inside)], "xspf", relative=True)).getroot()
        address = root.findtext(".//{*}location")
        assert unquote(address) == "a b/é:#.mp3"
        assert not urlsplit(address).scheme


def test_an_m3u8_is_read_by_others(paths, songs):
    segments = m3u8.loads(write(paths, songs, "m3u8").read_text(encoding="utf-8")).segments
    assert [segment.uri for segment in segments] == [song["file_path"] for song in songs]
    assert segments[0].duration == 246


def test_several_formats_are_written_at_once(paths, songs):
    written = files.export(paths, "my set", songs, formats=["traktor", "rekordbox", "traktor"])
    assert [path.name for path in written] == ["my_set.nml", "my_set.rekordbox.xml"]


@pytest.mark.parametrize("form", sorted(files.FORMATS))
def test_no_character_breaks_a_format(paths, form):
    hostile = song("/m/x\x1b[31m\x08.mp3", title="t\x07\ud800")
    (path,) = files.export(paths, "a\x00b", [hostile], formats=[form])
    text = path.read_bytes().decode("utf-8")
    assert "\x1b" not in text
    if form in {"xspf", "rekordbox", "traktor"}:
        ET.fromstring(text)
