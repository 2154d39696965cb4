"""A sample keeps every genre's share, loses none that there is room for, and is the same each time."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.arrays import stratified

libraries = st.lists(st.sampled_from("ABCDEF"), min_size=1, max_size=300)


@given(libraries, st.integers(1, 320), st.integers(0, 5))
def test_every_label_keeps_its_share(labels, n, seed):
    rows = stratified(labels, n, seed)
    assert len(rows) == min(n, len(labels))
    assert (np.diff(rows) > 0).all()
    found, sizes = Counter(np.array(labels)[rows]), Counter(labels)
    if n >= len(sizes):
        assert set(found) == set(sizes)
    # What the first song of each of K labels takes away from the others is at most K songs in all.
    for label, size in sizes.items():
        assert abs(found[label] - len(rows) * size / len(labels)) <= len(sizes)


def test_large_labels_keep_their_share_to_within_one():
    labels = np.repeat(["house", "techno", "ambient"], [6000, 3000, 1000])
    found = Counter(labels[stratified(labels, 500, 0)])
    assert abs(found["house"] - 300) <= 1
    assert abs(found["techno"] - 150) <= 1
    assert abs(found["ambient"] - 50) <= 1


def test_small_labels_get_the_least_that_is_asked_for():
    labels = np.repeat(["house", "dub", "noise"], [500, 3, 1])
    found = Counter(labels[stratified(labels, 20, 0, least=2)])
    assert found == {"house": 17, "dub": 2, "noise": 1}


def test_it_is_random_and_repeatable():
    labels = ["a"] * 100
    one, same, other = (stratified(labels, 10, seed).tolist() for seed in (1, 1, 2))
    assert one == same
    assert one != other
    drawn = np.concatenate([stratified(labels, 10, seed) for seed in range(300)])
    assert np.bincount(drawn, minlength=100).min() > 10  # thirty times on average


def test_all_of_a_small_library_in_order():
    assert stratified(["b", "a", "b"], 3, 0).tolist() == [0, 1, 2]


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        stratified(["a"], 0, 0)
