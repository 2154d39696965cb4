"""Compose scores: a key, a tempo, chords, a hook, a form and a sound for every song of a library."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import fields, replace

import numpy as np

from common.demo.score import GENRES, ITALODANCE, STEPS, TRANCE, Note, Palette, Song
from common.demo.styles import ARTISTS, STYLES, TITLE_WORDS, Style

DEFAULT_SEED = 1999
HYBRID_EVERY = 8  # in each genre, the last song of every eight is a hybrid


def compose_library(n_songs: int = 48, seed: int = DEFAULT_SEED) -> list[Song]:
    """Compose the scores of a library, the genres in turn.

    The first songs are the same however many are asked for.

    Parameters
    ----------
    n_songs : int
        How many songs, at most 200.
    seed : int
        Another seed composes another library.

    Returns
    -------
    list of Song
        Scores with unique titles; half of them (rounded up) Italodance.

    Raises
    ------
    ValueError
        If `n_songs` is not between 1 and 200.
    """
    titles = {genre: make_titles(genre, seed) for genre in GENRES}
    longest = sum(map(len, titles.values()))
    if not 1 <= n_songs <= longest:
        raise ValueError(f"n_songs is {n_songs}; a library holds 1 to {longest} songs")
    places = [(GENRES[number % 2], number // 2) for number in range(n_songs)]
    return [compose(genre, index, titles[genre][index], seed) for genre, index in places]


def make_titles(genre: str, seed: int) -> list[str]:
    """Make every title of a genre, in an order that depends on the seed."""
    first, second = TITLE_WORDS[genre]
    titles = [f"{one} {other}" for one in first for other in second]
    random_for(seed, genre, "titles").shuffle(titles)
    return titles


def random_for(*names: object) -> np.random.Generator:
    """Seed a generator from any values: the same names give the same numbers on every machine."""
    digest = hashlib.sha256(repr(names).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def compose(genre: str, index: int, title: str, seed: int) -> Song:
    """Compose one song: the `index`-th of its genre."""
    rng = random_for(seed, genre, index)
    hybrid = index % HYBRID_EVERY == HYBRID_EVERY - 1
    style = STYLES[genre]
    if hybrid:
        style = crossed(style, STYLES[TRANCE if genre == ITALODANCE else ITALODANCE])
    artist = list(ARTISTS[genre])[index % len(ARTISTS[genre])]
    record = index // len(ARTISTS[genre])
    albums = ARTISTS[genre][artist]
    mode, progression = pick(rng, style.progressions)
    bars_per_chord = pick(rng, style.bars_per_chord)
    song = Song(
        genre=genre,
        artist=artist,
        title=title,
        album=albums[record % len(albums)],
        year=1997 + record % len(albums) * 2 + index % len(ARTISTS[genre]) % 4,
        track=1 + record // len(albums),
        tonic=int(rng.integers(12)),
        mode=mode,
        bpm=float(rng.integers(style.bpm[0], style.bpm[1] + 1)),
        progression=progression,
        bars_per_chord=bars_per_chord,
        hook=(),
        bassline=pick(rng, style.basslines),
        arp=pick(rng, style.arps),
        arp_grid=pick(rng, style.arp_grids),
        lead_wave=pick(rng, style.lead_waves),
        bass_wave=pick(rng, style.bass_waves),
        arrangement=pick(rng, style.forms),
        palette=mix_palette(style, random_for(seed, genre, artist), rng),
        hybrid=hybrid,
        seed=int(rng.integers(1 << 31)),
    )
    return replace(song, hook=write_hook(song, style, rng))


def pick(rng: np.random.Generator, choices: tuple):
    """Pick one of the choices."""
    return choices[int(rng.integers(len(choices)))]


def crossed(style: Style, other: Style) -> Style:
    """Cross two styles: the melody of the first, the rhythm section and form of the other."""
    middle = {
        name: ((low + other.ranges[name][0]) / 2.0, (high + other.ranges[name][1]) / 2.0)
        for name, (low, high) in style.ranges.items()
    }
    return replace(
        style,
        basslines=other.basslines,
        arps=other.arps,
        arp_grids=other.arp_grids,
        forms=other.forms,
        ranges=middle,
    )


def mix_palette(style: Style, habits: np.random.Generator, rng: np.random.Generator) -> Palette:
    """Mix the sound of a song: an artist's habits, then this song's deviation from them.

    Within its range, each setting lies around a place that belongs to the artist.
    """
    values = {}
    for field in fields(Palette):
        low, high = style.ranges[field.name]
        place = np.clip(habits.uniform(0.1, 0.9) + 0.16 * rng.standard_normal(), 0.0, 1.0)
        values[field.name] = round(float(low + place * (high - low)), 4)
    return Palette(**values)


def write_hook(song: Song, style: Style, rng: np.random.Generator) -> tuple[Note, ...]:
    """Write the melody over one round of the chords: call, call, call, answer.

    One motif (a rhythm and a contour) returns in every bar, moved to where the chord wants it. Every
    fourth bar answers, and the last note comes to rest on a note of the tonic's triad.
    """
    call, answer = pick(rng, style.calls), pick(rng, style.answers)
    contour = [0, *itertools.accumulate(pick(rng, style.leaps) for _ in range(STEPS))]
    reply = [0, *itertools.accumulate(-abs(pick(rng, style.leaps)) for _ in range(STEPS))]
    anchor = int(rng.integers(4, 9))
    notes: list[Note] = []
    for bar in range(len(song.progression) * song.bars_per_chord):
        chord = song.progression[bar // song.bars_per_chord]
        answering = bar % 4 == 3
        anchor = nearest_chord_tone(min(max(anchor, 3), 9), chord)
        notes += write_bar(bar, answer if answering else call, reply if answering else contour, anchor, chord)
    home = nearest_chord_tone(min(notes[-1].degree, 7), 0)
    return (*notes[:-1], replace(notes[-1], degree=home))


def write_bar(bar: int, rhythm: str, contour: list[int], anchor: int, chord: int) -> list[Note]:
    """Write a bar of melody: chord notes on the beat, the contour's own notes between."""
    notes = []
    starts = [step for step, mark in enumerate(rhythm) if mark == "x"]
    for count, step in enumerate(starts):
        degree = fold_degree(anchor + contour[count])
        if step % 4 == 0 or step == starts[-1]:
            degree = nearest_chord_tone(degree, chord)
        held = len(rhythm[step + 1 :]) - len(rhythm[step + 1 :].lstrip("-"))
        notes.append(Note(bar * STEPS + step, degree, 1 + held, 1.0 if step % 4 == 0 else 0.8))
    return notes


def fold_degree(degree: int, lowest: int = 0, highest: int = 11) -> int:
    """Reflect a scale degree back into the range of a singable lead."""
    span = 2 * (highest - lowest)
    return lowest + min((degree - lowest) % span, span - (degree - lowest) % span)


def nearest_chord_tone(degree: int, chord: int) -> int:
    """Give the scale degree nearest to `degree` that belongs to the triad on `chord`."""
    tones = [degree + shift for shift in range(-2, 3) if (degree + shift - chord) % 7 in (0, 2, 4)]
    return min(tones, key=lambda tone: abs(tone - degree))
