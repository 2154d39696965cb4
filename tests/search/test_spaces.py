from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libraries import library_of, random_library
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import StandardScaler

from common.console import UserError
from common.layout import GROUP_INDICES, GROUPS, N_FEATURES, SLICES
from common.search import reasons, within_song
from common.search.nearest import diverse, nearest
from common.search.spaces import SPACES, balanced_parts, build

UNTRAINED = sorted(set(SPACES) - {"classifier"})


@pytest.fixture(params=UNTRAINED)
def space_name(request) -> str:
    return request.param


def test_standard_is_the_cosine_of_standardised_embeddings():
    library = random_library(40)
    expected = cosine_similarity(StandardScaler().fit_transform(library.embeddings.astype(np.float64)))
    assert np.allclose(build("standard", library).matrix, expected, atol=1e-5)


def blocks_of_balanced(library) -> dict[str, np.ndarray]:
    """The numbers of every part of balanced, by the names of their blocks."""
    contrast = [f"spectral_contrast_{statistic}" for statistic in ("mean", "std", "median")]
    rest = ["centroid_mean", "centroid_std", "rolloff_mean", "rolloff_std", "bandwidth_mean", "bandwidth_std"]
    names = {
        "mfcc_mean": ["mfcc_mean"], "mfcc_std": ["mfcc_std"], "spectral_contrast": contrast,
        "spectral": [f"spectral_{name}" for name in (*rest, "flatness_mean")],
        "harmony": ["chroma_mean", "chroma_std"], "energy": ["rms_mean", "rms_std"],
        "rhythm": ["zero_crossing_rate_mean", "zero_crossing_rate_std"],
        "tonnetz": ["tonnetz_mean", "tonnetz_std"], "mel": ["mel_mean", "mel_p25", "mel_median", "mel_p75"],
    }  # fmt: skip
    columns = {part: [library.embeddings[:, SLICES[name]] for name in of] for part, of in names.items()}
    octaves = 2 * np.pi * np.log2(library.embeddings[:, SLICES["tempo"]].astype(np.float64))
    columns["rhythm"] += [np.cos(octaves), np.sin(octaves)]
    return {part: np.concatenate(arrays, axis=1).astype(np.float64) for part, arrays in columns.items()}


def test_balanced_is_a_weighted_mean_of_whitened_parts_less_their_average():
    library = random_library(40)
    library.embeddings[:, SLICES["tempo"]] = np.random.default_rng(0).uniform(60, 180, (40, 1))
    rows = []
    for part, columns in blocks_of_balanced(library).items():
        values = StandardScaler().fit_transform(columns)
        shrunk = 0.9 * np.corrcoef(values.T) + 0.1 * np.eye(values.shape[1]) + within_song.scatter(part)
        eigenvalues, vectors = np.linalg.eigh(shrunk)
        whitened = values @ vectors @ np.diag(eigenvalues**-0.5) @ vectors.T
        variances = np.linalg.eigvalsh(np.cov(whitened.T, bias=True))
        length = (variances.sum() ** 2 / (variances**2).sum()) ** 0.375
        units = whitened / np.linalg.norm(whitened, axis=1, keepdims=True)
        rows.append(length * (1.3 if part == "spectral_contrast" else 1.0) * (units - units.mean(axis=0)))
    expected = cosine_similarity(np.concatenate(rows, axis=1))
    space = build("balanced", library)
    assert np.allclose(space.matrix, expected, atol=1e-5)
    assert space.rows.shape[1] == N_FEATURES - 20 + 1


def test_every_part_of_balanced_has_a_scatter_that_is_one():
    parts = balanced_parts()
    for part in parts:
        scatter = within_song.scatter(part.name)
        assert scatter.shape == (len(part.features),) * 2
        assert np.allclose(scatter, scatter.T)
        assert np.linalg.eigvalsh(scatter).min() > -1e-6
        assert 0.05 < np.diag(scatter).mean() < 1.5
    assert sorted(np.concatenate([part.features for part in parts])) == [
        *(i for i in range(N_FEATURES + 2) if i not in {*range(40, 60), SLICES["tempo"].start})
    ]


def test_half_and_double_time_are_one_tempo_to_balanced():
    library = random_library(20)
    tempo = library.embeddings[:, SLICES["tempo"]]
    tempo[:] = np.random.default_rng(0).uniform(60, 180, tempo.shape)
    before = build("balanced", library).matrix
    tempo[::3] *= 2
    tempo[1::3] *= 0.5
    assert np.allclose(build("balanced", library_of(library.embeddings)).matrix, before, atol=1e-4)
    tempo[::3] *= 1.3
    assert not np.allclose(build("balanced", library_of(library.embeddings)).matrix, before, atol=1e-2)


def test_no_song_is_near_to_all_for_being_average():
    """One part gives most songs the same direction: without its average taken away, all of them are alike."""
    rng = np.random.default_rng(0)
    songs = rng.normal(size=(60, N_FEATURES))
    songs[:3, list(GROUP_INDICES["mel"])] += 40.0
    space = build("balanced", library_of(songs))
    off_diagonal = space.matrix[~np.eye(60, dtype=bool)]
    assert abs(off_diagonal.mean()) < 0.03
    read = space.transform.read(space.library.embeddings)
    for part in space.transform.parts:
        assert np.allclose(part.apply(read).mean(axis=0), 0.0, atol=1e-9)


@settings(max_examples=30)
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
    other_units[:, SLICES["tempo"]] = library.embeddings[:, SLICES["tempo"]]  # octaves need a zero
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
    assert [found.row for found in diverse(space, nearest(space, 0, 10), 10, 0.5)] == [1]


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


@pytest.fixture(scope="module")
def trained():
    """A library and a representation such as stage 3 makes."""
    from common.classifier.training import represent

    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 15)
    library = library_of(rng.normal(size=(3, N_FEATURES))[y] + rng.normal(size=(45, N_FEATURES)))
    return library, represent(library.embeddings, y, 8)


def test_the_classifier_space_is_the_cosine_of_its_components(trained, monkeypatch, paths):
    from types import SimpleNamespace

    from common.classifier import model_file

    library, representation = trained
    paths.model.parent.mkdir(parents=True)
    paths.model.touch()
    monkeypatch.setattr(
        model_file, "load", lambda path, remedy: SimpleNamespace(representation=representation)
    )
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
