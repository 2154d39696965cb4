"""What the classifier promises holds on real songs, each figure with its tolerance and fixed seeds.

The embeddings are no part of the project; where they are missing, nothing here is tested.
"""

from __future__ import annotations

import pytest

from benchmarks.contestants import SIMPLE, audit, of_table, simple_tally
from common.classifier.calibration import calibration_error
from common.classifier.genre_sets import judge_sets
from common.classifier.scores import bootstrap, percentiles
from common.classifier.selection import AUTO_COMPONENTS
from common.classifier.validation import cross_validate
from common.paths import PROJECT

EMBEDDINGS = PROJECT.parent / "shared" / "embeddings"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def songs():
    if not EMBEDDINGS.exists():
        pytest.skip(f"there are no real embeddings in {EMBEDDINGS}")
    return of_table(EMBEDDINGS)


@pytest.fixture(scope="module")
def scores(songs):
    """Cross-validation with artists apart, and with albums apart."""
    return {way: cross_validate(songs, way, AUTO_COMPONENTS, lambda: None) for way in ("artist", "album")}


def test_sets_keep_their_promise_on_artists_and_albums_never_heard(songs, scores):
    sets = judge_sets(songs, list(scores.values()))
    assert sets.rule.promised == 0.9
    assert sets.coverage["artist"] == pytest.approx(0.9, abs=0.02)
    # Two styles are known of two albums each and are in every set: the smallest sets hold more than promised.
    assert sets.coverage["album"] >= 0.88
    assert sets.mean_size["artist"] < sets.mean_size["album"] < len(songs.genres) - 1


@pytest.mark.parametrize(("way", "least", "rounds"), [("plain", 0.95, 1), ("album", 0.86, 2)])
def test_flipped_labels_are_found(songs, way, least, rounds):
    """One label in twenty is made wrong; the tolerance is for the few labels that one or two rounds flip."""
    alone, with_mates, cleanlabs = audit(songs, way, rounds)
    assert alone >= least - 0.02
    assert with_mates >= least
    assert alone >= cleanlabs - 0.005
    assert with_mates >= cleanlabs


@pytest.mark.parametrize("way", ["artist", "album"])
def test_nothing_simpler_is_more_accurate(songs, scores, way):
    """The 95% interval of the difference on the same folds does not lie above 0, whichever is compared."""
    # One after the other: each looks over warnings of its own, which threads cannot.
    for made in SIMPLE.values():
        theirs, ours = bootstrap(songs.groups[way], simple_tally(songs, way, made), scores[way].tally)
        assert percentiles(theirs - ours, len(set(songs.groups[way])))[0] <= 0


@pytest.mark.parametrize("way", ["artist", "album"])
def test_calibration_brings_confidence_nearer_to_success(songs, scores, way):
    """By the songs of other artists (albums), too."""
    found = scores[way]
    before = calibration_error(songs.y, found.uncalibrated)
    assert calibration_error(songs.y, found.probability) < before
    assert calibration_error(songs.y, found.calibrated_by_others) < before
