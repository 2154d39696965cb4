from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from libraries import library_of, random_library
from scipy.stats import skew
from sklearn.metrics import silhouette_score

from common.console import UserError
from common.layout import N_FEATURES
from common.library import UNKNOWN_GENRE, Library
from common.search import genre_similarity
from common.search.spaces import SPACES, build

UNTRAINED = sorted(set(SPACES) - {"classifier"})


@pytest.fixture(params=UNTRAINED)
def space_name(request) -> str:
    return request.param


@pytest.fixture
def five_genres() -> Library:
    rng = np.random.default_rng(0)
    names = ["A"] * 14 + ["B"] * 12 + ["C"] * 9 + ["ALONE"] + [UNKNOWN_GENRE] * 4
    centre = {name: rng.normal(size=N_FEATURES) for name in sorted(set(names))}
    songs = np.array([centre[name] + 1.5 * rng.normal(size=N_FEATURES) for name in names])
    return library_of(songs, names, [f"artist {i % 7}" for i in range(len(names))])


def test_genre_statistics_against_loops(five_genres, space_name):
    space = build(space_name, five_genres)
    found = genre_similarity.measure(space)
    assert found.genres == ["A", "ALONE", "B", "C"]
    assert list(found.sizes) == [14, 1, 12, 9]
    known = [i for i, genre in enumerate(five_genres.genres) if genre != UNKNOWN_GENRE]
    cosine = space.rows.astype(float) @ space.rows.T.astype(float)
    for a, one in enumerate(found.genres):
        inside = five_genres.indices_of(one)
        others = [i for i in known if i not in inside]
        outside = [cosine[i, j] for i in inside for j in others]
        assert found.outside_mean[a] == pytest.approx(np.mean(outside), abs=1e-6)
        assert found.outside_spread[a] == pytest.approx(np.std(outside), abs=1e-6)
        for b, other in enumerate(found.genres):
            pairs = [cosine[i, j] for i in inside for j in five_genres.indices_of(other) if i != j]
            if pairs:
                assert found.mean[a, b] == pytest.approx(np.mean(pairs), abs=1e-6)
                assert found.spread[a, b] == pytest.approx(np.std(pairs), abs=1e-6)
            else:
                assert np.isnan(found.mean[a, b])
                assert np.isnan(found.spread[a, b])


def test_precision_chance_hubs_and_silhouette(five_genres, space_name):
    space = build(space_name, five_genres)
    found = genre_similarity.measure(space)
    known = [i for i, genre in enumerate(five_genres.genres) if genre != UNKNOWN_GENRE]
    genre, artist = five_genres.genres, five_genres.columns["artist"]
    near = {i: sorted((j for j in known if j != i), key=lambda j: -space.similarity(i, j)) for i in known}
    hits = {i: np.mean([genre[j] == genre[i] for j in near[i][:10]]) for i in known}
    strict = [[j for j in near[i] if artist[j] != artist[i]][:10] for i in known]
    strict_hits = [np.mean([genre[j] == genre[i] for j in js]) for i, js in zip(known, strict, strict=True)]
    times = {j: sum(j in near[i][:10] for i in known) for j in known}

    precision = found.precision
    assert precision.overall == pytest.approx(np.mean(list(hits.values())))
    assert precision.other_artists == pytest.approx(np.mean(strict_hits))
    assert precision.genres[0] == pytest.approx(np.mean([hits[i] for i in five_genres.indices_of("A")]))
    same = [genre[i] == genre[j] for i in known for j in known if i != j]
    assert precision.chance_overall == pytest.approx(np.mean(same))
    assert found.hubness == pytest.approx(skew(list(times.values())))
    assert any(
        line.startswith(f"hubness {found.hubness:+.2f}") for line in found.sentences(five_genres.names)
    )
    assert found.hubs == sorted(times.items(), key=lambda item: (-item[1], item[0]))[:5]
    distance = np.maximum(1 - space.rows[known].astype(float) @ space.rows[known].T.astype(float), 0)
    np.fill_diagonal(distance, 0.0)
    labels = [genre[i] for i in known]
    assert found.silhouette == pytest.approx(
        silhouette_score(distance, labels, metric="precomputed"), abs=1e-5
    )


def test_statistics_of_a_sample_are_close(five_genres, monkeypatch):
    space = build("balanced", five_genres)
    every = genre_similarity.measure(space)
    monkeypatch.setattr(genre_similarity, "SONG_SAMPLE", 30)
    sample = genre_similarity.measure(space)
    assert sample.n_asked == 30
    assert sample.precision.overall == pytest.approx(every.precision.overall, abs=0.1)
    assert np.nanmax(np.abs(sample.mean - every.mean)) < 0.1
    assert any("30 songs" in line for line in sample.sentences(five_genres.names))


def test_statistics_do_not_depend_on_how_many_songs_are_compared_at_a_time(five_genres, monkeypatch):
    space = build("balanced", five_genres)
    every = genre_similarity.measure(space)
    monkeypatch.setattr(genre_similarity, "CHUNK_ENTRIES", 3 * len(five_genres))
    few = genre_similarity.measure(space)
    np.testing.assert_allclose(few.mean, every.mean, atol=1e-6)
    assert few.precision.overall == pytest.approx(every.precision.overall)
    assert few.hubs == every.hubs


def test_copies_are_no_evidence_that_similarity_follows_genres(five_genres):
    alone = five_genres.genres.index("ALONE")
    copied = five_genres.take([*range(len(five_genres)), alone, alone, 0])
    found = genre_similarity.measure(build("balanced", copied))
    assert (list(found.sizes), found.n_copies) == ([14, 1, 12, 9], 3)
    assert found.precision.genres[found.genres.index("ALONE")] == 0.0
    assert "each recording counts once: 3 songs left out as copies" in found.sentences(copied.names)


def test_one_genre_and_no_genre():
    one = random_library(6)
    found = genre_similarity.measure(build("balanced", one))
    assert found.precision.overall == found.precision.chance_overall == 1.0
    assert math.isnan(found.silhouette)
    assert math.isnan(found.outside_mean[0])
    assert genre_similarity.statistics_table(found)[1][0][4] is None
    nameless = dataclasses.replace(one, columns={**one.columns, "genre": [UNKNOWN_GENRE] * 6})
    with pytest.raises(UserError, match="genre folders"):
        genre_similarity.measure(build("balanced", nameless))
