from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libraries import library_of, random_library

from common.layout import N_FEATURES
from common.library import Library
from common.search import nearest as similarity
from common.search import space as space_module
from common.search.nearest import Match, nearest
from common.search.space import Space
from common.search.spaces import SPACES, build

UNTRAINED = sorted(set(SPACES) - {"classifier"})


@pytest.fixture(params=UNTRAINED)
def space_name(request) -> str:
    return request.param


def diverse(space: Space, song: int, n: int, diversity: float, pool: int = 100) -> list[Match]:
    return similarity.diverse(space, nearest(space, song, max(n, pool)), n, diversity)


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
    monkeypatch.setattr(space_module, "MATRIX_LIMIT_MB", 0)
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


@settings(max_examples=40)
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
    found = similarity.search(space, 9, 33)
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
        assert len(similarity.search(space, 20, n).matches) == n


def test_at_most_k_songs_by_an_artist():
    library = random_library(60, artists=[f"Artist {i % 4}" for i in range(60)])
    space = build("balanced", library)
    found = similarity.search(space, 0, 8, per_artist=2).matches
    heard = [library.columns["artist"][match.row] for match in found]
    assert {artist: heard.count(artist) for artist in heard} == {f"Artist {i}": 2 for i in range(4)}
    assert len(similarity.search(space, 0, 20, per_artist=2).matches) == 8


def test_the_benchmark_agrees_with_itself(tmp_path, monkeypatch, capsys):
    from benchmarks import search

    monkeypatch.setattr(search, "faiss_flat", lambda rows: None)
    assert search.report(search.write_rows(tmp_path / "rows.npy", 3000), 3) == 0
    assert "stage 4, exact" in capsys.readouterr().out
