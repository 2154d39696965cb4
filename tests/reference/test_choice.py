"""Which songs a mix is held against: the nearest, without versions of itself, known by title or by sound."""

import pytest
from libraries import random_library

from common.console import UserError
from common.reference.choice import nearest_references
from common.search.nearest import nearest
from common.search.spaces import build


@pytest.fixture(scope="module")
def space():
    return build("balanced", random_library(30))


def rows(space, n):
    return [match.row for match in nearest(space, 4, n)]


def test_the_nearest_are_taken(space):
    assert nearest_references(space, 4, 5) == rows(space, 5)


def test_what_sounds_like_a_version_is_replaced_by_the_next_nearest(space):
    first, second, third, fourth, fifth = rows(space, 5)
    asked = []

    def heard(songs):
        asked.append(list(songs))
        return {first, fourth}.intersection(songs)

    assert nearest_references(space, 4, 3, heard=heard) == [second, third, fifth]
    assert asked == [[first, second, third], [fourth], [fifth]]


def test_where_all_are_versions_there_is_no_reference(space):
    with pytest.raises(UserError, match="no other song"):
        nearest_references(space, 4, 3, heard=set)
