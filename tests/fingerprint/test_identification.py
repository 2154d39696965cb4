"""A clip is found in the song that it was cut from, at its second, and a stranger in none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import pytest
import soxr
from signals import RATE, noise, tune

from common.fingerprint.hearing import find_peaks
from common.fingerprint.identification import Place, identify
from common.fingerprint.index import LandmarkIndex
from common.fingerprint.sequences import Peaks


@cache
def song(number: int) -> tuple[np.ndarray, Peaks]:
    samples = tune(number, 96, note=0.25).astype(np.float32)
    return samples, find_peaks(samples)


def fetch(contents: Sequence[str]) -> Iterator[tuple[str, Peaks]]:
    return ((content, song(int(content))[1]) for content in contents)


@pytest.fixture(scope="module")
def index(tmp_path_factory) -> Iterator[LandmarkIndex]:
    with LandmarkIndex(tmp_path_factory.mktemp("index") / "landmarks.sqlite") as made:
        made.refresh([str(number) for number in range(5)], fetch)
        yield made


def cut(number: int, begin: float, end: float) -> np.ndarray:
    return song(number)[0][round(begin * RATE) : round(end * RATE)]


def expect(places: list[Place], number: int, offset: float, speed: float = 1.0) -> None:
    best = places[0]
    assert best.is_match
    assert best.content == str(number)
    assert best.offset == pytest.approx(offset, abs=0.1)
    assert best.speed == pytest.approx(speed, abs=0.004)
    assert not any(place.is_match for place in places[1:])


@pytest.mark.parametrize("begin", [0.0, 7.313, 15.9])
def test_a_clip_is_found_at_its_second(index, begin):
    expect(identify(cut(3, begin, begin + 8), index, fetch), 3, begin)


def test_noise_and_level_do_not_matter(index):
    clip = cut(2, 9.0, 17.0) / 4
    level = np.sqrt(np.mean(clip**2))
    expect(identify(clip + noise(8.0, level / 2), index, fetch), 2, 9.0)


@pytest.mark.parametrize("percent", [-2.0, -0.8, 1.3, 2.0])
def test_a_clip_at_another_speed_is_found(index, percent):
    speed = 1 + percent / 100
    clip = soxr.resample(cut(1, 5.0, 5.0 + 9 * speed), RATE * speed, RATE)
    expect(identify(clip, index, fetch), 1, 5.0, speed)


def test_of_a_long_clip_the_middle_is_heard_and_its_begin_is_told(index):
    expect(identify(np.concatenate([noise(12.0), cut(4, 2.0, 22.0), noise(11.0)]), index, fetch), 4, -10.0)


def test_of_a_clip_whose_middle_alone_was_decoded_the_begin_is_told(index):
    expect(identify(cut(4, 8.0, 17.0), index, fetch, start=6.0), 4, 2.0)


def test_a_clip_that_begins_before_the_song(index):
    expect(identify(np.concatenate([noise(4.0, 0.01), cut(0, 0.0, 8.0)]), index, fetch), 0, -4.0)


@pytest.mark.parametrize(
    "stranger", [tune(77, 40, note=0.25).astype(np.float32), noise(10.0), np.zeros(10 * RATE, np.float32)]
)
def test_a_stranger_is_none_of_them(index, stranger):
    assert not any(place.is_match for place in identify(stranger, index, fetch))


def test_a_song_whose_peaks_are_gone_is_passed_over(index):
    assert identify(cut(3, 5.0, 13.0), index, lambda contents: iter(())) == []
