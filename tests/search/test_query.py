"""Mixtures of songs: their cosines are those of the sum of the rows, and contributions add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libraries import library_of, random_library

from common.console import UserError
from common.layout import GROUPS
from common.search.nearest import nearest, search
from common.search.query import Query, as_query
from common.search.spaces import build

SPACE = build("balanced", random_library(40))
ROWS = SPACE.rows.astype(np.float64)


def mixed(songs, signs) -> np.ndarray:
    """Cosine of the mixture with every song, by the definition."""
    total = sum(sign * ROWS[song] for song, sign in zip(songs, signs, strict=True))
    return ROWS @ (total / np.linalg.norm(total))


@settings(max_examples=50)
@given(
    songs=st.lists(st.integers(0, 39), min_size=2, max_size=5, unique=True),
    data=st.data(),
    n=st.integers(1, 39),
)
def test_a_mixture_is_searched_as_the_sum_of_its_rows(songs, data, n):
    signs = (
        1,
        *data.draw(st.lists(st.sampled_from([1, -1]), min_size=len(songs) - 1, max_size=len(songs) - 1)),
    )
    query, cosine = Query(tuple(songs), signs), mixed(songs, signs)
    expected = sorted(set(range(40)) - set(songs), key=lambda song: -cosine[song])[:n]
    found = nearest(SPACE, query, n)
    assert [match.row for match in found] == expected
    assert [match.score for match in found] == pytest.approx(cosine[expected], abs=1e-6)
    parts = query.parts(SPACE, np.array(expected))
    assert parts.shape == (len(songs), len(expected))
    assert parts.sum(axis=0) == pytest.approx(cosine[expected], abs=1e-6)
    contributions = query.contributions(SPACE, expected[0])
    assert all(list(of_song) == list(GROUPS) for of_song in contributions)
    assert [sum(of_song.values()) for of_song in contributions] == pytest.approx(parts[:, 0], abs=1e-6)


def test_a_single_song_is_itself():
    assert nearest(SPACE, Query((3,)), 9) == nearest(SPACE, 3, 9)
    assert as_query(3) == as_query(Query((3,))) == Query((3,))
    assert not Query((3,)).is_mixed


def test_songs_that_cancel_out_are_refused():
    copied = random_library(20).embeddings
    copied[7] = copied[2] + 1e-4
    space = build("balanced", library_of(copied))
    for query in (Query((2, 2), (1, -1)), Query((2, 7), (1, -1)), Query((1, 2, 1, 2), (1, 1, -1, -1))):
        with pytest.raises(UserError, match="cancel out"):
            nearest(space, query, 3)


def test_a_query_is_refined_song_by_song():
    query = Query((3,)).refined([5, 6], 1).refined([7], -1)
    assert query == Query((3, 5, 6, 7), (1, 1, 1, -1))
    assert query.song == 3
    assert Query((3, 4), (-1, 1)).song == 4


def test_copies_of_the_songs_asked_for_are_no_results():
    embeddings = random_library(20).embeddings
    library = library_of(np.vstack([embeddings, embeddings[[2, 5]]]))
    library.columns["title"] = [*map(str, range(20)), "2", "5"]
    found = search(build("balanced", library), Query((2, 5), (1, -1)), 20)
    assert sorted(found.copies) == [20, 21]
    assert not {2, 5, 20, 21} & {match.row for match in found.matches}


def test_guests_are_mixed_like_others():
    library = random_library(20)
    guest = library.with_guest(library.embeddings[7], library.song(7))
    space, plain = build("balanced", guest), build("balanced", library)
    one, other = nearest(space, Query((20, 3), (1, 1)), 18), nearest(plain, Query((7, 3), (1, 1)), 18)
    assert [match.row for match in one if match.row != 7] == [match.row for match in other][: len(one) - 1]
