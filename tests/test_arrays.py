"""Samples keep every genre's share; rows and axes are what they are called."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from common.arrays import principal_axes, standardise, stratified, unit_rows

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


def test_rows_of_nothing_but_rounding_error_point_nowhere():
    rows = np.array([[3.0, 4.0], [1e-10, -1e-10], [0.0, 0.0]])
    np.testing.assert_array_equal(unit_rows(rows), [[0.6, 0.8], [0, 0], [0, 0]])
    np.testing.assert_array_equal(unit_rows(rows[0]), [0.6, 0.8])
    np.testing.assert_array_equal(unit_rows(rows, np.full((3, 1), 2.0))[0], [1.5, 2.0])


@pytest.mark.parametrize("shape", [(8, 20), (20, 8), (12, 12)])
def test_principal_axes_are_scikit_learns(shape):
    values = standardise(np.random.default_rng(3).normal(size=shape))
    variances, axes = principal_axes(values, 4)
    expected = PCA().fit(values)
    np.testing.assert_allclose(variances, expected.explained_variance_[: len(variances)], atol=1e-12)
    np.testing.assert_allclose(np.abs(axes), np.abs(expected.components_[:4]), atol=1e-9)
