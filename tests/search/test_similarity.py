from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libraries import library_of, random_library
from scipy.stats import percentileofscore
from sklearn.metrics import silhouette_score
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import StandardScaler

from common.console import UserError
from common.layout import GROUP_INDICES, GROUPS, N_FEATURES, SLICES
from common.library import UNKNOWN_GENRE, Library
from common.music import MAJOR, MINOR, Key
from common.search import genre_similarity, reasons, spaces
from common.search import nearest as similarity
from common.search.nearest import Match, nearest
from common.search.pairs import sample_pairs
from common.search.spaces import SPACES, Space, build

UNTRAINED = sorted(set(SPACES) - {"classifier"})


def diverse(space: Space, song: int, n: int, diversity: float, pool: int = 100) -> list[Match]:
    return similarity.diverse(space, nearest(space, song, max(n, pool)), n, diversity)


@pytest.fixture(params=UNTRAINED)
def space_name(request) -> str:
    return request.param


# --- spaces ------------------------------------------------------------------------------------------


def test_standard_is_the_cosine_of_standardised_embeddings():
    library = random_library(40)
    expected = cosine_similarity(StandardScaler().fit_transform(library.embeddings.astype(np.float64)))
    assert np.allclose(build("standard", library).matrix, expected, atol=1e-5)


def test_balanced_is_a_weighted_mean_of_whitened_cosines():
    library = random_library(40)
    expected, total = np.zeros((40, 40)), 0.0
    for where in GROUP_INDICES.values():
        values = StandardScaler().fit_transform(library.embeddings[:, where].astype(np.float64))
        correlation = np.corrcoef(values.T)
        eigenvalues, vectors = np.linalg.eigh((correlation + np.eye(len(where))) / 2)
        whitened = values @ vectors @ np.diag(eigenvalues**-0.5) @ vectors.T
        variances = np.linalg.eigvalsh(np.cov(whitened.T, bias=True))
        weight = math.sqrt(variances.sum() ** 2 / (variances**2).sum())
        expected += weight * cosine_similarity(whitened)
        total += weight
    assert np.allclose(build("balanced", library).matrix, expected / total, atol=1e-5)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 12),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    constant=st.integers(0, N_FEATURES),
    name=st.sampled_from(UNTRAINED),
)
def test_contributions_sum_to_the_cosine(seed, n, scale, constant, name):
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(n, N_FEATURES)) * scale
    embeddings[:, rng.permutation(N_FEATURES)[: min(constant, N_FEATURES - 1)]] = 3.0
    space = build(name, library_of(embeddings))
    one, other = rng.integers(n, size=2)
    parts = space.contributions(one, other)
    assert list(parts) == list(GROUPS)
    assert sum(parts.values()) == pytest.approx(space.similarity(one, other), abs=1e-6)
    assert -1.0 <= space.similarity(one, other) <= 1.0
    assert space.similarity(one, other) == space.similarity(other, one)


def test_a_unit_of_measure_changes_nothing(space_name):
    library = random_library(20)
    rng = np.random.default_rng(1)
    other_units = library.embeddings * rng.uniform(0.1, 10, N_FEATURES) + rng.normal(size=N_FEATURES)
    same = build(space_name, library_of(other_units))
    assert np.allclose(build(space_name, library).matrix, same.matrix, atol=1e-4)


def test_balanced_hears_what_the_mel_bands_drown():
    """Pairs that agree in everything but the mel bands, whose levels all follow the mastering."""
    rng = np.random.default_rng(0)
    songs = np.repeat(rng.normal(size=(20, N_FEATURES)), 2, axis=0) + 0.3 * rng.normal(size=(40, N_FEATURES))
    mel = list(GROUP_INDICES["mel"])
    songs[:, mel] = rng.normal(size=(40, 1)) + 0.3 * rng.normal(size=(40, len(mel)))
    partner = np.arange(40) ^ 1
    found = {}
    for name in ("standard", "balanced"):
        space = build(name, library_of(songs))
        found[name] = np.mean([nearest(space, i, 1)[0].row == partner[i] for i in range(40)])
    assert found["balanced"] > 0.9 > found["standard"]


def test_a_copy_is_the_nearest_song(space_name):
    library = random_library(10)
    embeddings = library.embeddings.copy()
    embeddings[7] = embeddings[2]
    (first, *_) = nearest(build(space_name, library_of(embeddings)), 2, 3)
    assert first.row == 7
    assert first.score == pytest.approx(1.0, abs=1e-6)


def test_one_song_and_identical_songs_are_one_clear_sentence(space_name):
    with pytest.raises(UserError, match="single song"):
        build(space_name, random_library(1))
    with pytest.raises(UserError, match="same embedding"):
        build(space_name, library_of(np.ones((4, N_FEATURES))))


def test_two_songs_are_opposites(space_name):
    space = build(space_name, random_library(2))
    (match,) = nearest(space, 0, 10)
    assert match.row == 1
    assert match.score == pytest.approx(-1.0, abs=1e-6)
    assert [found.row for found in diverse(space, 0, 10, 0.5)] == [1]


# --- nearest and diverse -----------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 5, 59, 60, 500])
def test_nearest_is_a_sorted_list_of_cosines(space_name, n):
    space = build(space_name, random_library(60))
    rows = space.rows.astype(np.float64)
    expected = sorted(
        (other for other in range(60) if other != 9), key=lambda other: -(rows[9] @ rows[other])
    )
    found = nearest(space, 9, n)
    assert [match.row for match in found] == expected[:n]
    assert [match.score for match in found] == pytest.approx([rows[9] @ rows[r] for r in expected[:n]])


def test_equal_songs_come_in_library_order(space_name):
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(3, N_FEATURES))[[0, 1, 1, 2, 1, 1, 0]]
    assert [match.row for match in nearest(build(space_name, library_of(embeddings)), 4, 3)] == [1, 2, 5]


def test_only_allowed_songs_are_found(space_name):
    allowed = np.zeros(30, dtype=bool)
    allowed[[3, 4, 8]] = True
    space = build(space_name, random_library(30))
    assert {match.row for match in nearest(space, 3, 10, allowed)} == {4, 8}
    assert nearest(space, 3, 10, np.zeros(30, dtype=bool)) == []


def test_without_a_matrix_the_answers_are_the_same(space_name, monkeypatch):
    library = random_library(80)
    quick, slow = build(space_name, library), build(space_name, library)
    assert quick.matrix is not None
    monkeypatch.setattr(spaces, "MATRIX_LIMIT_MB", 0)
    assert slow.matrix is None
    for row in range(80):
        assert nearest(quick, row, 7) == nearest(slow, row, 7)
        assert diverse(quick, row, 7, 0.6) == diverse(slow, row, 7, 0.6)


def naive_mmr(space, row, n, diversity, pool):
    """Carbonell and Goldstein's formula, word for word, over everything at every pick."""
    rows = space.rows.astype(np.float64)
    cosine = rows @ rows.T
    left = sorted((i for i in range(len(rows)) if i != row), key=lambda i: (-cosine[row, i], i))[:pool]
    picked = []
    while left and len(picked) < n:
        score = {
            d: (1 - diversity) * cosine[row, d] - diversity * max(cosine[d, s] for s in picked) if picked
            else cosine[row, d]
            for d in left
        }  # fmt: skip
        picked.append(max(left, key=lambda d: (score[d], -left.index(d))))
        left.remove(picked[-1])
    return picked


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 12),
    diversity=st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]),
    pool=st.integers(12, 40),
)
def test_diverse_is_maximal_marginal_relevance(seed, n, diversity, pool):
    space = build("standard", random_library(30, seed))
    found = diverse(space, 0, n, diversity, pool=pool)
    assert [match.row for match in found] == naive_mmr(space, 0, n, diversity, pool)


def test_diversity_runs_from_the_nearest_to_a_spread(space_name):
    space = build(space_name, random_library(200))

    def alike(found):
        rows = space.rows[[match.row for match in found]]
        return float((rows @ rows.T)[np.triu_indices(len(rows), 1)].mean())

    nearest_rows = [match.row for match in nearest(space, 5, 10)]
    assert [match.row for match in diverse(space, 5, 10, 0.0)] == nearest_rows
    assert (
        alike(diverse(space, 5, 10, 1.0)) < alike(diverse(space, 5, 10, 0.5)) < alike(nearest(space, 5, 10))
    )


def test_closest_is_the_highest_similarity_to_a_song_above():
    space = build("balanced", random_library(50))
    found = diverse(space, 0, 6, 0.7)
    assert found[0].closest is None
    for place in range(1, 6):
        expected = max(space.similarity(found[place].row, above.row) for above in found[:place])
        assert found[place].closest == pytest.approx(expected)


def test_a_pick_costs_one_product_per_candidate(monkeypatch):
    space = build("standard", random_library(150))
    asked = []
    exact = Space.exact
    monkeypatch.setattr(Space, "exact", lambda s, r, o: asked.append(len(o)) or exact(s, r, o))
    diverse(space, 0, 20, 0.5, pool=100)
    assert sum(asked) <= 150 + 20 * 100


@pytest.mark.parametrize("diversity", [-0.1, 1.1, math.nan])
def test_diversity_outside_its_range_is_refused(diversity):
    with pytest.raises(ValueError, match="between 0 and 1"):
        diverse(build("standard", random_library(5)), 0, 2, diversity)


def test_no_songs_wanted_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        nearest(build("standard", random_library(5)), 0, 0)


# --- guests, files and the classifier ----------------------------------------------------------------


def test_a_guest_is_measured_as_if_it_had_been_in_the_library(space_name):
    library = random_library(40)
    guest = library.with_guest(library.embeddings[7], library.song(7))
    space = build(space_name, guest)
    assert (len(space), guest.n_own, len(guest)) == (40, 40, 41)
    assert np.array_equal(space.rows, build(space_name, library).rows)
    assert np.allclose(space.vector(40), space.rows[7], atol=1e-7)
    found = nearest(space, 40, 5)
    assert found[0].row == 7
    assert found[0].score == pytest.approx(1.0, abs=1e-6)
    assert [match.row for match in found[1:]] == [match.row for match in nearest(space, 7, 4)]
    assert space.contributions(40, 3) == pytest.approx(space.contributions(7, 3), abs=1e-9)
    assert reasons.traits(guest, 40, 3, space.contributions(40, 3)) == reasons.traits(
        library, 7, 3, space.contributions(7, 3)
    )


def test_a_large_library_lives_in_a_file_that_is_made_once(make_library, monkeypatch, capsys, space_name):
    paths, library = make_library({"A": 20, "B": 15})
    small = build(space_name, library, paths)
    assert not paths.space(space_name).exists()
    monkeypatch.setattr(spaces, "MATRIX_LIMIT_MB", 0)
    monkeypatch.setattr(spaces, "CHUNK", 8)
    first, again = build(space_name, library, paths), build(space_name, library, paths)
    assert capsys.readouterr().err.count("once") == 1
    assert isinstance(again.rows.base, np.memmap)
    for song in range(35):
        assert nearest(first, song, 6) == nearest(again, song, 6)
        expected = nearest(small, song, 6)
        assert [match.row for match in nearest(again, song, 6)] == [match.row for match in expected]
        assert [m.score for m in nearest(again, song, 6)] == pytest.approx([m.score for m in expected])
    assert again.contributions(3, 30) == pytest.approx(small.contributions(3, 30), abs=1e-9)


@pytest.mark.parametrize("harm", ["other songs", "damaged lens", "no rows"])
def test_a_stale_or_damaged_file_is_made_anew(make_library, monkeypatch, capsys, harm):
    paths, library = make_library({"A": 20, "B": 15})
    monkeypatch.setattr(spaces, "MATRIX_LIMIT_MB", 0)
    build("balanced", library, paths)
    if harm == "other songs":
        paths, library = make_library({"A": 20, "B": 15}, seed=1)
    elif harm == "damaged lens":
        paths.space("balanced").with_suffix(".npz").write_bytes(b"PK nonsense")
    else:
        paths.space("balanced").unlink()
    capsys.readouterr()
    space = build("balanced", library, paths)
    assert "once" in capsys.readouterr().err
    assert np.allclose(space.rows, build("balanced", library).rows, atol=1e-6)


def test_a_folder_that_cannot_be_written_is_no_obstacle(make_library, monkeypatch, capsys):
    paths, library = make_library({"A": 20, "B": 15})
    monkeypatch.setattr(spaces, "MATRIX_LIMIT_MB", 0)
    paths.space("x").parent.write_text("a file where the folder should be")
    assert len(build("balanced", library, paths)) == 35
    assert "cannot be kept" in capsys.readouterr().err


@pytest.fixture(scope="module")
def trained():
    """A library and a representation such as stage 3 makes."""
    from common.classifier.model import represent

    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 15)
    library = library_of(rng.normal(size=(3, N_FEATURES))[y] + rng.normal(size=(45, N_FEATURES)))
    return library, represent(library.embeddings, y, 8)


def test_the_classifier_space_is_the_cosine_of_its_components(trained, monkeypatch, paths):
    from types import SimpleNamespace

    from common.classifier import model

    library, representation = trained
    paths.model.parent.mkdir(parents=True)
    paths.model.touch()
    monkeypatch.setattr(model, "load", lambda path: SimpleNamespace(representation=representation))
    space = build("classifier", library, paths)
    expected = cosine_similarity(representation.components(library.embeddings))
    assert np.allclose(space.matrix, expected, atol=1e-6)
    for one, other in ((0, 1), (0, 20), (44, 3)):
        parts = space.contributions(one, other)
        assert list(parts) == list(GROUPS)
        assert sum(parts.values()) == pytest.approx(expected[one, other], abs=1e-6)
        assert parts == pytest.approx(space.contributions(other, one), abs=1e-12)


def test_the_classifier_space_without_a_model_names_stage_3(paths):
    with pytest.raises(UserError, match="03_genre_classifier"):
        build("classifier", random_library(5), paths)


def test_the_benchmark_agrees_with_itself(tmp_path, monkeypatch, capsys):
    from benchmarks import search

    monkeypatch.setattr(search, "faiss_flat", lambda rows: None)
    assert search.report(search.write_rows(tmp_path / "rows.npy", 3000), 3) == 0
    assert "stage 4, exact" in capsys.readouterr().out


# --- copies and artists ------------------------------------------------------------------------------


def copied_library() -> Library:
    """Songs 0-29; 30 and 31 are copies of 4, 32 of 9; 33 is like 4 but has another length and title."""
    library = random_library(30)
    noise = np.random.default_rng(1).normal(scale=0.1, size=(4, N_FEATURES)) * library.scaling[1]
    copied = library_of(np.vstack([library.embeddings, library.embeddings[[4, 4, 9, 4]] + noise]))
    copied.columns["duration"] = [60.0 + 10 * i for i in range(30)] + [100.5, 300.0, 150.0, 400.0]
    copied.columns["title"] = [f"Title {i}" for i in range(30)] + [None, "title 4", None, None]
    return copied


def test_copies_are_folded_into_one_row_and_never_lost(space_name):
    library = copied_library()
    space = build(space_name, library)
    found = similarity.search(space, library, 9, 33)
    assert found.copies == (32,)
    folded = {match.row: set(match.copies) for match in found.matches}
    (host,) = folded.keys() & {4, 30, 31}
    assert folded[host] == {4, 30, 31} - {host}
    assert 33 in folded
    listed = [match.row for match in found.matches]
    together = [*listed, *found.copies, *(row for copies in folded.values() for row in copies)]
    assert sorted(together) == sorted(set(range(34)) - {9})
    assert [match.score for match in found.matches] == sorted((m.score for m in found.matches), reverse=True)


def test_folding_does_not_shorten_the_list():
    library = copied_library()
    space = build("balanced", library)
    for n in (1, 3, 10):
        assert len(similarity.search(space, library, 20, n).matches) == n


def test_at_most_k_songs_by_an_artist():
    library = random_library(60, artists=[f"Artist {i % 4}" for i in range(60)])
    space = build("balanced", library)
    found = similarity.search(space, library, 0, 8, per_artist=2).matches
    heard = [library.columns["artist"][match.row] for match in found]
    assert {artist: heard.count(artist) for artist in heard} == {f"Artist {i}": 2 for i in range(4)}
    assert len(similarity.search(space, library, 0, 20, per_artist=2).matches) == 8


# --- standing among pairs ----------------------------------------------------------------------------


def test_percentile_counts_all_pairs(space_name):
    space = build(space_name, random_library(30))
    scores = space.matrix[np.triu_indices(30, 1)]
    for score in (-2.0, -0.1, 0.0, float(scores[17]), 2.0):
        expected = percentileofscore(scores, score, kind="mean")
        assert sample_pairs(space).percentile(score) == pytest.approx(expected)
    assert "435 pairs" in sample_pairs(space).standing(0.1)


def test_a_large_library_is_judged_by_a_sample(monkeypatch):
    library = random_library(60)
    every = sample_pairs(build("balanced", library))
    monkeypatch.setattr(spaces, "MATRIX_LIMIT_MB", 0)
    sample = sample_pairs(build("balanced", library))
    assert sample.sampled
    assert "sampled" in sample.standing(0.1)
    assert sample.percentile(0.1) == pytest.approx(every.percentile(0.1), abs=1.0)


# --- genres ------------------------------------------------------------------------------------------


@pytest.fixture
def five_genres() -> Library:
    rng = np.random.default_rng(0)
    names = ["A"] * 14 + ["B"] * 12 + ["C"] * 9 + ["ALONE"] + [UNKNOWN_GENRE] * 4
    centre = {name: rng.normal(size=N_FEATURES) for name in sorted(set(names))}
    songs = np.array([centre[name] + 1.5 * rng.normal(size=N_FEATURES) for name in names])
    return library_of(songs, names, [f"artist {i % 7}" for i in range(len(names))])


def test_genre_statistics_against_loops(five_genres, space_name):
    space = build(space_name, five_genres)
    found = genre_similarity.measure(space, five_genres)
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
    found = genre_similarity.measure(space, five_genres)
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
    assert found.hubs == sorted(times.items(), key=lambda item: (-item[1], item[0]))[:5]
    distance = np.maximum(1 - space.rows[known].astype(float) @ space.rows[known].T.astype(float), 0)
    np.fill_diagonal(distance, 0.0)
    labels = [genre[i] for i in known]
    assert found.silhouette == pytest.approx(
        silhouette_score(distance, labels, metric="precomputed"), abs=1e-5
    )


def test_statistics_of_a_sample_are_close(five_genres, monkeypatch):
    space = build("balanced", five_genres)
    every = genre_similarity.measure(space, five_genres)
    monkeypatch.setattr(genre_similarity, "SONG_SAMPLE", 30)
    sample = genre_similarity.measure(space, five_genres)
    assert sample.n_asked == 30
    assert sample.precision.overall == pytest.approx(every.precision.overall, abs=0.1)
    assert np.nanmax(np.abs(sample.mean - every.mean)) < 0.1
    assert any("30 songs" in line for line in sample.sentences(five_genres.names))


def test_statistics_do_not_depend_on_how_many_songs_are_compared_at_a_time(five_genres, monkeypatch):
    space = build("balanced", five_genres)
    every = genre_similarity.measure(space, five_genres)
    monkeypatch.setattr(genre_similarity, "CHUNK_ENTRIES", 3 * len(five_genres))
    few = genre_similarity.measure(space, five_genres)
    np.testing.assert_allclose(few.mean, every.mean, atol=1e-6)
    assert few.precision.overall == pytest.approx(every.precision.overall)
    assert few.hubs == every.hubs


def test_one_genre_and_no_genre():
    one = random_library(6)
    found = genre_similarity.measure(build("balanced", one), one)
    assert found.precision.overall == found.precision.chance_overall == 1.0
    assert math.isnan(found.silhouette)
    assert math.isnan(found.outside_mean[0])
    assert genre_similarity.statistics_table(found)[1][0][4] is None
    nameless = dataclasses.replace(one, columns={**one.columns, "genre": [UNKNOWN_GENRE] * 6})
    with pytest.raises(UserError, match="genre folders"):
        genre_similarity.measure(build("balanced", nameless), nameless)


# --- reasons -----------------------------------------------------------------------------------------


def said(embeddings, one, other):
    library = library_of(embeddings)
    parts = build("standard", library).contributions(one, other)
    return reasons.traits(library, one, other, parts)


def test_traits_name_what_both_have_and_what_sets_apart():
    embeddings = np.random.default_rng(0).normal(scale=0.3, size=(30, N_FEATURES))
    brightness, loudness = SLICES["spectral_centroid_mean"].start, SLICES["rms_mean"].start
    embeddings[:2, brightness] = 9.0
    embeddings[0, loudness], embeddings[1, loudness] = 9.0, -9.0
    both, apart = said(embeddings, 0, 1)
    assert "brighter" in both
    assert "louder" in apart
    assert "quieter" in said(embeddings, 1, 0)[1]
    assert len(both) <= 3


def test_timbre_and_tonnetz_are_summed_up_and_tempo_has_its_own_line():
    embeddings = np.random.default_rng(0).normal(size=(30, N_FEATURES))
    timbre, tonnetz = list(GROUP_INDICES["timbre"]), list(GROUP_INDICES["tonnetz"])
    embeddings[1, timbre] = embeddings[0, timbre]
    embeddings[1, tonnetz] = -embeddings[0, tonnetz]
    embeddings[:2, SLICES["tempo"]] = [[90.0], [-90.0]]
    both, apart = said(embeddings, 0, 1)
    assert "a similar colour of sound" in both
    assert "chords that relate in other ways" in apart
    assert not {"faster", "slower"} & {*both, *apart}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (128, 128, "the same tempo (128 and 128 BPM)"),
        (70, 140, "the same tempo at double time (70 and 140 BPM)"),
        (140, 71, "the same tempo at half time (140 and 71 BPM)"),
        (40, 160, "the same tempo at 4 times the pace (40 and 160 BPM)"),
        (120, 128, "7 % faster (120 and 128 BPM)"),
        (128, 120, "6 % slower (128 and 120 BPM)"),
        (120, 64, "7 % faster at half time (120 and 64 BPM)"),
        (100, 130, "far apart (100 and 130 BPM)"),
        (0, 130, "unknown: no pulse was found in one of them"),
        (0, 0, "unknown: no pulse was found in either"),
    ],
)
def test_tempo_relation(one, other, expected):
    assert reasons.tempo_relation(one, other) == expected


A_MINOR, C_MAJOR, G_MAJOR = Key(9, MINOR), Key(0, MAJOR), Key(7, MAJOR)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (A_MINOR, A_MINOR, "the same key"),
        (A_MINOR, C_MAJOR, "relative keys"),
        (C_MAJOR, G_MAJOR, "a fifth apart"),
        (Key(0, MINOR), C_MAJOR, "the same tonic"),
        (C_MAJOR, Key(6, MAJOR), "6 steps apart"),
        (None, C_MAJOR, "unknown: no key stands out in one"),
        (None, None, "unknown: no key stands out in either"),
    ],
)
def test_key_relation(one, other, expected):
    assert reasons.key_relation(one, other).startswith(expected)
