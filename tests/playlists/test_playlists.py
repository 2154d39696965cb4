from __future__ import annotations

import csv
import itertools
import json
import math
import os
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libraries import library_of

from common.console import UserError
from common.layout import N_FEATURES, SLICES
from common.music import MAJOR, MINOR, Key
from common.paths import Paths
from common.playlists import files, transitions
from common.playlists import orders as playlists
from common.playlists.transitions import Step, Tracks, parts, roughness, steps, tracks
from common.search.distribution import SimilarityDistribution
from common.search.nearest import nearest
from common.search.spaces import build


def music(n: int = 60, seed: int = 0):
    """A space of songs with tempos, keys and loudness such as music has, and some songs without a pulse."""
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(n, 20)) @ rng.normal(size=(20, N_FEATURES))
    embeddings[:, SLICES["tempo"]] = np.where(rng.random(n) < 0.1, 0.0, rng.uniform(60, 180, n))[:, None]
    embeddings[:, SLICES["rms_mean"]] = 10 ** rng.uniform(-1.5, -0.3, (n, 1))
    chroma = np.full(12, 0.1)
    chroma[[0, 4, 7]] = 1.0
    embeddings[:, SLICES["chroma_mean"]] = [np.roll(chroma, rng.integers(12)) for _ in range(n)]
    library = library_of(embeddings, artists=[f"Artist {i % 9}" for i in range(n)])
    library.columns["duration"] = [60.0 + 5 * i for i in range(n)]
    return build("balanced", library)


def rough(order: Tracks) -> float:
    return roughness([step.cost for step in steps(order)])


def walk(space, start: int, n: int, end: int | None = None) -> Tracks:
    """Plain nearest-neighbour walking: always on to the most similar song not heard yet."""
    order = [start]
    while len(order) < n - (end is not None):
        allowed = np.ones(len(space), dtype=bool)
        allowed[order if end is None else [*order, end]] = False
        order.append(nearest(space, order[-1], 1, allowed)[0].row)
    return tracks(space, order if end is None else [*order, end])


# --- transitions -------------------------------------------------------------------------------------


def two(tempo=(120, 120), energy=(-10, -10), keys=(None, None), alike=1.0) -> Tracks:
    vectors = np.array([[1.0, 0.0], [alike, math.sqrt(1 - alike**2)]], dtype=np.float32)
    similarities = SimilarityDistribution(np.array([-0.5, 0.1, 0.2, 0.6]))
    return Tracks(
        np.arange(2), vectors, np.array(tempo, float), np.array(energy, float), list(keys), similarities
    )


C, G, D, F_SHARP, A_MINOR = (
    Key(t, m, 0.5) for t, m in ((0, MAJOR), (7, MAJOR), (2, MAJOR), (6, MAJOR), (9, MINOR))
)


@pytest.mark.parametrize(
    ("pair", "part", "expected"),
    [
        ({"alike": 1.0}, "sound", 0.0),
        ({"alike": 0.0}, "sound", 1 - 5 / 18),
        ({"alike": 0.15}, "sound", 0.5),
        ({"alike": -1.0}, "sound", 1.0),
        ({"tempo": (120, 120)}, "tempo", 0.0),
        ({"tempo": (70, 140)}, "tempo", 0.0),
        ({"tempo": (100, 112)}, "tempo", 1.0),
        ({"tempo": (100, 141)}, "tempo", 1.0),
        ({"tempo": (100, 100 * 1.12**0.5)}, "tempo", 0.5),
        ({"tempo": (0, 100)}, "tempo", 0.5),
        ({"keys": (C, C)}, "key", 0.0),
        ({"keys": (C, G)}, "key", 0.25),
        ({"keys": (C, A_MINOR)}, "key", 0.25),
        ({"keys": (C, D)}, "key", 0.5),
        ({"keys": (C, F_SHARP)}, "key", 1.0),
        ({"keys": (C, None)}, "key", 0.5),
        ({"keys": (C, Key(0, MAJOR, 0.01))}, "key", 0.5),
        ({"energy": (-10, -10)}, "energy", 0.0),
        ({"energy": (-10, -16)}, "energy", 0.5),
        ({"energy": (-40, -10)}, "energy", 1.0),
    ],
)  # fmt: skip
def test_parts_of_a_step(pair, part, expected):
    there, back = two(**pair), two(**pair).take([1, 0])
    for order in (there, back):
        assert parts(order, order)[part][0, 1] == pytest.approx(expected, abs=1e-6)


def test_the_cost_is_the_weighted_sum_and_the_words_say_it():
    order = two((120, 126), (-12, -10), (C, G), 0.8)
    (step,) = steps(order)
    assert step.cost == pytest.approx(
        sum(transitions.WEIGHTS[name] * step.parts[name] for name in step.parts)
    )
    assert step.words == "5% faster; 8B → 9B, a fifth apart, they mix well; energy +2"
    assert step.similarity == pytest.approx(0.8)
    assert step.percentile == 100.0
    (step,) = steps(two((0, 126), (-12, -12), (C, None), 0.8))
    assert step.words == "no steady pulse; no clear key to clash; as much energy"
    assert sum(transitions.WEIGHTS.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("energy", "said"), [((-9.6, -12.4), "energy -2"), ((-9.6, -9.4), "energy +1"), ((-9.4, -8.6), "as much")]
)
def test_energies_differ_by_as_much_as_their_numbers_show(energy, said):
    (step,) = steps(two((120, 120), energy, (C, G)))
    assert said in step.words
    assert [transitions.shown_energy(level) for level in energy] == [round(level) for level in energy]


def test_roughness_minds_one_bad_step_more_than_two_fair_ones():
    assert roughness([]) == 0.0
    assert roughness([0.5, 0.5]) == pytest.approx(0.5)
    assert roughness([0.1, 0.9]) > roughness([0.5, 0.5])


# --- from one song to another ------------------------------------------------------------------------


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), n=st.integers(2, 30), per_artist=st.sampled_from([None, 2]))
def test_a_path_leads_from_start_to_end_without_repeats(seed, n, per_artist):
    space = music(24, seed)
    start, end = (int(song) for song in np.random.default_rng(seed).choice(24, 2, replace=False))
    if per_artist and n > 15:
        return
    order = playlists.path(space, start, end, n, per_artist)
    songs = list(order.songs)
    assert (songs[0], songs[-1]) == (start, end)
    assert len(set(songs)) == len(songs) == min(n, 24)
    if per_artist:
        heard = [space.library.columns["artist"][song] for song in songs[1:-1]]
        assert all(heard.count(artist) <= per_artist for artist in heard)


def test_a_short_path_is_the_best_there_is():
    space = music(14, 3)
    costs = tracks(space, range(14)).costs
    for n in (3, 4, 5):
        best = min(
            roughness([costs[a, b] for a, b in itertools.pairwise([0, *between, 1])])
            for between in itertools.permutations(range(2, 14), n - 2)
        )
        assert rough(playlists.path(space, 0, 1, n)) == pytest.approx(best)


def test_a_path_is_smoother_than_chance_and_than_walking():
    by_path, by_walk, by_chance = [], [], []
    for seed in range(6):
        space = music(80, seed)
        rng = np.random.default_rng(seed)
        by_path.append(rough(playlists.path(space, 0, 1, 10)))
        by_walk.append(rough(walk(space, 0, 10, end=1)))
        by_chance.append(rough(tracks(space, [0, *rng.choice(np.arange(2, 80), 8, replace=False), 1])))
    assert all(a < b for a, b in zip(by_path, by_walk, strict=True))
    assert all(a < b for a, b in zip(by_path, by_chance, strict=True))


def test_a_path_needs_two_songs():
    space = music(10)
    with pytest.raises(UserError, match="these are the same"):
        playlists.path(space, 3, 3, 5)
    with pytest.raises(UserError, match="allow more"):
        playlists.path(build("balanced", library_with_one_artist(space.library)), 0, 1, 6, per_artist=1)


def library_with_one_artist(library):
    library.columns["artist"] = ["The same"] * len(library)
    return library


def test_a_guest_may_be_an_end():
    space = music(20)
    guest = space.library.with_guest(
        space.library.embeddings[4] + 0.5, {**space.library.song(4), "duration": 1e4, "title": "x"}
    )
    space = build("balanced", guest)
    order = playlists.path(space, 20, 7, 6)
    assert (order.songs[0], order.songs[-1]) == (20, 7)
    assert 20 not in order.songs[1:]


# --- radio, shuffle, set -----------------------------------------------------------------------------


def test_the_radio_plays_every_song_once_and_lets_artists_rest():
    space = music(60)
    heard = list(playlists.radio(space, 5))
    assert heard[0] == 5
    assert sorted(heard) == list(range(60))
    artist = space.library.columns["artist"]
    for place in range(1, 30):
        assert artist[heard[place]] not in [artist[song] for song in heard[max(0, place - 5) : place]]


def test_the_radio_drifts_smoothly():
    mine, walks, chance = [], [], []
    for seed in range(6):
        space = music(120, seed)
        space.library.columns["artist"] = [None] * 120
        mine.append(rough(tracks(space, list(itertools.islice(playlists.radio(space, 0), 20)))))
        walks.append(rough(walk(space, 0, 20)))
        chance.append(rough(tracks(space, np.random.default_rng(seed).permutation(120)[:20])))
    assert np.mean(mine) < np.mean(walks) < np.mean(chance)
    assert all(a < b for a, b in zip(mine, chance, strict=True))


def test_a_shuffle_is_every_song_smoother_than_chance_and_than_walking():
    for seed in range(4):
        space = music(60, seed)
        order = playlists.shuffle(space, range(60), seed)
        assert sorted(order.songs) == list(range(60))
        start = int(order.songs[0])
        assert rough(order) < rough(walk(space, start, 60))
        assert rough(order) < rough(tracks(space, np.random.default_rng(seed).permutation(60)))


def test_a_seed_is_an_order():
    space = music(40)
    orders = [list(playlists.shuffle(space, range(40), seed).songs) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_orders_of_very_few_songs(size):
    space = music(5)
    assert sorted(playlists.shuffle(space, range(size)).songs) == list(range(size))
    assert len(playlists.climb(space, range(size), 10)) == size


@pytest.mark.parametrize("rising", [True, False])
def test_a_set_climbs_within_its_tempo(rising):
    space = music(100)
    order = playlists.climb(space, range(100), 10, (120, 140), rising)
    assert len(order) == 10
    change = np.diff(order.energy)
    assert (change >= 0).all() if rising else (change <= 0).all()
    assert abs(order.energy[-1] - order.energy[0]) > 15
    folded = order.tempo[:, None] * [0.5, 1, 2]
    assert (((folded >= 120) & (folded <= 140)).any(axis=1)).all()


def test_a_set_is_the_smoothest_choice_of_its_bins():
    space = music(12)
    order = playlists.climb(space, range(12), 4)
    found = tracks(space, range(12))
    bins = np.array_split(np.argsort(found.energy, kind="stable"), 4)
    best = min(
        roughness([found.costs[a, b] for a, b in itertools.pairwise(chain)])
        for chain in itertools.product(*bins)
    )
    assert rough(order) == pytest.approx(best)


def test_no_song_has_such_a_tempo():
    space = music(10)
    with pytest.raises(UserError, match="tempo"):
        playlists.climb(space, range(10), 4, (3, 4))


def test_copies_are_played_once():
    library = music(20).library
    embeddings = np.vstack([library.embeddings, library.embeddings[[3, 8]]])
    copied = library_of(embeddings)
    copied.columns["duration"] = [*library.columns["duration"], 75.0, 100.0]
    space = build("balanced", copied)
    assert sorted(playlists.shuffle(space, range(22)).songs) == list(range(20))
    assert len(list(playlists.radio(space, 0))) == 20
    assert not {20, 21} & set(playlists.path(space, 0, 1, 20).songs)


# --- files -------------------------------------------------------------------------------------------


def song(path: str, **facts) -> dict:
    plain = {"song_name": Path(path).stem, "artist": None, "title": None, "album": None, "genre": "A"}
    return {
        **plain,
        "duration": 61.6,
        "tempo": 128.0,
        "key": "C major",
        "camelot": "8B",
        "file_path": path,
        **facts,
    }


def files_of(text: str, folder: Path) -> list[str]:
    """What a player makes of a playlist: comments go, addresses are decoded, the rest is a path."""
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    return [
        os.fsdecode(unquote(urlparse(line).path, errors="surrogateescape"))
        if line.startswith("file://")
        else os.path.normpath(folder / line)
        for line in lines
    ]


ODD = [
    "/music/plain.mp3",
    "/music/#1 hit.mp3",
    "/music/Crying in the Rain (ä ö ü ♪ 日本).mp3",
    "/music/two\nlines\r.mp3",
    "/music/#EXTM3U\n/etc/passwd.mp3",
    "/music/ends with a space.mp3 ",
    "/music/100% file:name?.mp3",
    "/music/bad \udcff bytes.mp3",
    "/other/#x/y.mp3",
]


@pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")
@pytest.mark.parametrize("relative", [False, True])
def test_every_odd_name_survives_a_playlist(tmp_path, relative):
    paths = Paths(tmp_path / "data", tmp_path / "outputs")
    written = files.export(paths, "odd", [song(path) for path in ODD], relative=relative)
    assert [path.suffix for path in written] == [".m3u8", ".json", ".csv"]
    raw = written[0].read_bytes()
    assert raw.startswith(b"#EXTM3U\n")
    assert files_of(raw.decode("utf-8"), written[0].parent) == ODD


@settings(max_examples=200)
@given(
    name=st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1).filter(
        lambda name: name not in (".", "..")
    ),
    relative=st.booleans(),
)
def test_any_name_survives_a_playlist(name, relative):
    folder = Path("/music/lists")
    text = files.m3u8("x", [song(f"/music/{name}", title=name, artist=name)], folder if relative else None)
    assert text.count("\n") == len(text.split("\n")) - 1 == 4
    assert files_of(text, folder) == [f"/music/{name}"]


def test_extended_lines_hold_seconds_artist_and_title():
    text = files.m3u8("My\nlist", [song("/a.mp3", artist="Ä\nB", title="C"), song("/d.mp3")])
    assert text.split("\n") == [
        "#EXTM3U", "#PLAYLIST:My list", "#EXTINF:62,Ä B - C", "/a.mp3", "#EXTINF:62,d", "/d.mp3", "",
    ]  # fmt: skip


def test_json_and_csv_hold_the_reasons(tmp_path):
    paths = Paths(tmp_path / "data", tmp_path / "outputs")
    step = Step(0.25, {"sound": 0.5, "tempo": 0.0, "key": 0.0, "energy": 0.25}, "the same tempo", 0.4, 90.0)
    _, as_json, as_csv = files.export(paths, "A to B", [song("/a.mp3"), song("/b.mp3")], [step])
    found = json.loads(as_json.read_text(encoding="utf-8"))
    assert found["roughness"] == 0.25
    assert found["songs"][0]["step"] is None
    assert found["songs"][1]["step"]["parts"]["sound"] == 0.5
    with as_csv.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file_path"] for row in rows] == ["/a.mp3", "/b.mp3"]
    assert (rows[0]["step"], rows[1]["step"], rows[1]["step_cost"]) == ("", "the same tempo", "0.25")
