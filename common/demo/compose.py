"""The demo library: Italodance and Trance songs, composed and rendered by our own code.

A `Song` is a score: key, chords, melody, bass line, arrangement, and the settings of every
instrument. `compose_library` writes scores, `render` plays one, `write_library` makes a folder of
tagged MP3 files of them. Everything follows from one seed.

The two genres differ as the real ones do. Italodance bounces: an off-beat bass, a short bright lead,
simple loops, little reverb. Trance rolls: bass between the kicks, 16th-note arpeggios, long supersaw
breakdowns, large rooms. They share tempo, keys and loudness, and a few hybrids take the bass line,
the form and the sound of the other side.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

import lameenc
import numpy as np
from mutagen import MutagenError
from mutagen.id3 import ID3, TALB, TCON, TDRC, TIT2, TPE1, TRCK, TXXX

from common.demo import synth
from common.demo.synth import SAMPLE_RATE
from common.files import replacing

DEFAULT_SEED = 1999

BIT_RATE, LAME_QUALITY = 128, 5
"""kbit/s, and LAME's own scale from 0 (best, slow) to 9."""

ITALODANCE, TRANCE = "ITALODANCE", "TRANCE"
GENRES = (ITALODANCE, TRANCE)

NOTE_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
SCALES = {"minor": (0, 2, 3, 5, 7, 8, 10), "major": (0, 2, 4, 5, 7, 9, 11)}
ROMAN = {
    "minor": ("i", "ii°", "III", "iv", "V", "VI", "VII"),
    "major": ("I", "ii", "iii", "IV", "V", "vi", "vii°"),
}

STEPS = 16  # sixteenth notes in a bar; all music here is in four
CEILING = 0.8  # highest sample of a finished song; leaves room for what MP3 adds to peaks
TAIL = 2.0  # seconds in which the last notes and the room die away
FINGERPRINT = "music-embedding-analysis demo"  # names the tag by which we know our own files


# --- the score -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Note:
    """A note of a melody: when, how high, how long, how loud.

    `step` and `length` count sixteenths from the start of the loop; `degree` counts scale steps from
    the tonic (7 = an octave up); `accent` is 0-1.
    """

    step: int
    degree: int
    length: int
    accent: float


@dataclass(frozen=True)
class Hit:
    """A note of the bass pattern of one bar: sixteenth, octave above the low root, length, accent."""

    step: int
    octave: int
    length: int
    accent: float


@dataclass(frozen=True)
class Section:
    """A stretch of the arrangement: who plays, and how far the filters open from start to end (0-1)."""

    name: str
    bars: int
    parts: frozenset[str]
    opening: tuple[float, float]


@dataclass(frozen=True)
class Palette:
    """The sound of a song: seconds, hertz, cents, decibels or levels 0-1, as the names say."""

    lead_cutoff_hz: float
    lead_decay_s: float
    lead_detune_cents: float
    lead_level: float
    pad_cutoff_hz: float
    pad_detune_cents: float
    pad_level: float
    arp_cutoff_hz: float
    arp_decay_s: float
    arp_level: float
    bass_cutoff_hz: float
    bass_decay_s: float
    bass_level: float
    kick_decay_s: float
    kick_click: float
    clap_tone_hz: float
    clap_level: float
    hat_tone_hz: float
    hat_decay_s: float
    hat_level: float
    reverb_s: float
    reverb_level: float
    delay_level: float
    duck: float
    swing: float
    tilt_db: float
    loudness_db: float


@dataclass(frozen=True)
class Song:
    """The whole score of a song.

    `tonic` is a pitch class (C = 0), `mode` is "minor" or "major", `progression` holds scale degrees
    of roots (0 = tonic), each lasting `bars_per_chord` bars. `hook` is the melody over one round of
    the progression. `arp` holds the order in which the arpeggio walks through its ladder of chord
    notes, in steps of `arp_grid` sixteenths. `hybrid` songs borrow from the other genre.
    """

    genre: str
    artist: str
    title: str
    album: str
    year: int
    track: int
    tonic: int
    mode: str
    bpm: float
    progression: tuple[int, ...]
    bars_per_chord: int
    hook: tuple[Note, ...]
    bassline: tuple[Hit, ...]
    arp: tuple[int, ...]
    arp_grid: int
    lead_wave: str
    bass_wave: str
    arrangement: tuple[Section, ...]
    palette: Palette
    hybrid: bool
    seed: int

    @property
    def key(self) -> str:
        return f"{NOTE_NAMES[self.tonic]} {self.mode}"

    @property
    def chords(self) -> str:
        return "–".join(ROMAN[self.mode][degree] for degree in self.progression)

    @property
    def bars(self) -> int:
        return sum(section.bars for section in self.arrangement)

    @property
    def bar_seconds(self) -> float:
        return 240.0 / self.bpm

    @property
    def duration(self) -> float:
        return self.bars * self.bar_seconds + TAIL

    @property
    def file_name(self) -> str:
        return f"{self.artist} - {self.title}.mp3"


# --- harmony ---------------------------------------------------------------------------------------


def semitones(song: Song, degree: int, chord: int) -> int:
    """Turn a scale degree into semitones above the tonic.

    Over the dominant of a minor key the seventh degree is raised, as harmonic minor has it: the
    leading tone is what makes a minor key sure of itself.
    """
    octave, step = divmod(degree, 7)
    leading = song.mode == "minor" and chord == 4 and step == 6
    return 12 * octave + SCALES[song.mode][step] + leading


def hertz(midi: float) -> float:
    """Turn a MIDI note number into a frequency in Hz (69 = 440 Hz)."""
    return 440.0 * 2.0 ** ((midi - 69.0) / 12.0)


def in_range(midi: int, lowest: int) -> int:
    """Move a MIDI note by octaves into the twelve notes that start at `lowest`."""
    return lowest + (midi - lowest) % 12


def triad(song: Song, chord: int) -> tuple[int, ...]:
    """Give the pitch classes of the triad on a scale degree, root first."""
    return tuple((song.tonic + semitones(song, chord + third, chord)) % 12 for third in (0, 2, 4))


def voicings(song: Song, lowest: int = 55) -> list[tuple[int, ...]]:
    """Voice the progression as MIDI notes, each chord as near as it can be to the one before.

    Voice leading by the smallest total movement: D. Tymoczko, "The geometry of musical chords",
    Science 313, 2006.
    """
    chords: list[tuple[int, ...]] = []
    for degree in song.progression:
        choices = [close_position(triad(song, degree), lowest + shift) for shift in range(-4, 5)]
        home = chords[-1] if chords else choices[4]
        chords.append(
            min(choices, key=lambda notes: sum(abs(a - b) for a, b in zip(notes, home, strict=True)))
        )
    return chords


def close_position(pitch_classes: tuple[int, ...], lowest: int) -> tuple[int, ...]:
    """Stack pitch classes within the octave that starts at the MIDI note `lowest`."""
    return tuple(sorted(in_range(pitch, lowest) for pitch in pitch_classes))


# --- composing -------------------------------------------------------------------------------------


def hits(steps: str) -> tuple[Hit, ...]:
    """Read a bar of bass from 16 characters: `.` rests, `o` plays the root, `O` the octave above.

    A note lasts until the next one, but at most an eighth.
    """
    starts = [step for step, mark in enumerate(steps) if mark != "."]
    ends = [*starts[1:], STEPS]
    return tuple(
        Hit(step, int(steps[step] == "O"), min(2, end - step), 1.0 if step % 4 == 2 else 0.8)
        for step, end in zip(starts, ends, strict=True)
    )


def section(name: str, bars: int, parts: str, opening: tuple[float, float]) -> Section:
    """Write a section whose parts are words separated by spaces."""
    return Section(name, bars, frozenset(parts.split()), opening)


def italodance_form(drop: int, rest: int, again: int) -> tuple[Section, ...]:
    """Arrange a song around its hook: the lead is never away for long."""
    return (
        section("intro", 4, "kick hats bass chops", (0.3, 0.5)),
        section("build", 4, "kick clap hats bass pad lead roll riser", (0.3, 0.8)),
        section("drop", drop, "kick clap hats shaker bass lead chops crash", (0.8, 1.0)),
        section("breakdown", rest, "pad lead clap roll riser", (0.3, 0.9)),
        section("drop", again, "kick clap hats shaker bass lead pad chops crash", (0.9, 1.0)),
        section("outro", 4, "kick hats bass chops", (0.6, 0.2)),
    )


def trance_form(intro: int, build: int, rest: int, again: int) -> tuple[Section, ...]:
    """Arrange a song around its breakdown: kick and bass leave, the supersaws open."""
    return (
        section("intro", intro, "kick hats shaker bass", (0.1, 0.3)),
        section("build", build, "kick clap hats shaker bass arp roll riser", (0.2, 0.7)),
        section("drop", 8, "kick clap hats shaker bass arp pad crash", (0.7, 0.9)),
        section("breakdown", rest, "pad arp lead roll riser", (0.1, 0.9)),
        section("drop", again, "kick clap hats shaker bass arp pad lead crash", (0.9, 1.0)),
        section("outro", 4, "kick hats shaker bass arp", (0.5, 0.1)),
    )


@dataclass(frozen=True)
class Style:
    """What a genre chooses from.

    A progression is (mode, degrees). A rhythm of the hook is a bar of 16 characters: `x` starts a
    note, `-` holds it, `.` rests. `ranges` gives the lowest and highest value of each field of
    `Palette`.
    """

    bpm: tuple[int, int]
    progressions: tuple[tuple[str, tuple[int, ...]], ...]
    bars_per_chord: tuple[int, ...]
    calls: tuple[str, ...]
    answers: tuple[str, ...]
    leaps: tuple[int, ...]
    basslines: tuple[tuple[Hit, ...], ...]
    arps: tuple[tuple[int, ...], ...]
    arp_grids: tuple[int, ...]
    lead_waves: tuple[str, ...]
    bass_waves: tuple[str, ...]
    forms: tuple[tuple[Section, ...], ...]
    ranges: dict[str, tuple[float, float]]


SHARED_RANGES = {
    "kick_decay_s": (0.10, 0.20),
    "kick_click": (0.1, 0.6),
    "clap_tone_hz": (1000.0, 2200.0),
    "clap_level": (0.25, 0.6),
    "hat_tone_hz": (5500.0, 9000.0),
    "hat_decay_s": (0.02, 0.07),
    "hat_level": (0.15, 0.5),
    "bass_level": (0.5, 0.8),
    "tilt_db": (-4.0, 4.0),
    "loudness_db": (-17.0, -11.5),
}

STYLES = {
    ITALODANCE: Style(
        bpm=(128, 142),
        progressions=(
            ("minor", (0, 5, 2, 6)),
            ("minor", (0, 6, 5, 4)),
            ("minor", (0, 3, 6, 0)),
            ("minor", (0, 5, 3, 4)),
            ("minor", (0, 3, 5, 4)),
            ("major", (0, 5, 3, 4)),
            ("major", (0, 4, 5, 3)),
        ),
        bars_per_chord=(1,),
        calls=(
            "x.x.x.x.x.x.xx..",
            "x..x..x.x..x..x.",
            "x.xx..x.x.xx..x.",
            "xx.xx.x.x.x.x...",
            "x.x.xx.xx.x.x.x.",
        ),
        answers=("x..x..x.x...x---", "x.x.x...x.x.x---", "x.xx..x.x.x.x---", "x...x.x.xx..x---"),
        leaps=(0, 0, 1, -1, 2, -2),
        basslines=tuple(
            map(
                hits,
                (
                    "..o...o...o...o.",
                    "..o...o...o...oO",
                    "..oo..oo..oo..oo",
                    "o.O.o.O.o.O.o.O.",
                    "..o..oo...o..oO.",
                ),
            )
        ),
        arps=((0, 2, 1, 2), (0, 1, 2, 1), (2, 1, 0, 1)),
        arp_grids=(2, 2, 1),
        lead_waves=("square", "saw", "pulse", "organ"),
        bass_waves=("square", "saw", "triangle"),
        forms=(italodance_form(8, 4, 12), italodance_form(12, 4, 8), italodance_form(8, 8, 8)),
        ranges=SHARED_RANGES
        | {
            "lead_cutoff_hz": (3000.0, 9000.0),
            "lead_decay_s": (0.12, 0.35),
            "lead_detune_cents": (3.0, 14.0),
            "lead_level": (0.55, 0.9),
            "pad_cutoff_hz": (1500.0, 5500.0),
            "pad_detune_cents": (6.0, 18.0),
            "pad_level": (0.15, 0.5),
            "arp_cutoff_hz": (1500.0, 6000.0),
            "arp_decay_s": (0.06, 0.18),
            "arp_level": (0.15, 0.45),
            "bass_cutoff_hz": (450.0, 1600.0),
            "bass_decay_s": (0.12, 0.3),
            "reverb_s": (0.8, 2.0),
            "reverb_level": (0.10, 0.32),
            "delay_level": (0.1, 0.4),
            "duck": (0.35, 0.8),
            "swing": (0.0, 0.14),
        },
    ),
    TRANCE: Style(
        bpm=(130, 142),
        progressions=(
            ("minor", (0, 5, 2, 6)),
            ("minor", (0, 5, 6, 0)),
            ("minor", (0, 3, 5, 4)),
            ("minor", (0, 5, 3, 4)),
            ("minor", (0, 6, 5, 6)),
            ("minor", (0, 2, 5, 4)),
            ("major", (0, 4, 5, 3)),
        ),
        bars_per_chord=(1, 2, 2),
        calls=("x-----x---x-----", "x---x-x---x-x---", "x-----x-----x---", "x--x--x--x--x---"),
        answers=("x-----x-x-------", "x---x---x-------", "x--x--x---------"),
        leaps=(1, -1, 2, -2, 3, 0),
        basslines=tuple(
            map(hits, ("..oo..oo..oo..oo", ".ooo.ooo.ooo.ooo", ".oOo.oOo.oOo.oOo", "..o...o...o...o."))
        ),
        arps=(
            (0, 1, 2, 3, 4, 3, 2, 1),
            (0, 2, 1, 3, 2, 4, 3, 5),
            (0, 1, 2, 0, 1, 2, 3, 4),
            (4, 2, 0, 3, 1, 2, 0, 1),
        ),
        arp_grids=(1,),
        lead_waves=("saw", "saw", "pulse", "square"),
        bass_waves=("saw", "square"),
        forms=(
            trance_form(4, 4, 8, 8),
            trance_form(2, 2, 12, 8),
            trance_form(2, 4, 8, 12),
            trance_form(2, 4, 10, 8),
        ),
        ranges=SHARED_RANGES
        | {
            "lead_cutoff_hz": (2200.0, 8000.0),
            "lead_decay_s": (0.3, 0.9),
            "lead_detune_cents": (7.0, 20.0),
            "lead_level": (0.35, 0.65),
            "pad_cutoff_hz": (2000.0, 8000.0),
            "pad_detune_cents": (10.0, 26.0),
            "pad_level": (0.45, 0.9),
            "arp_cutoff_hz": (1800.0, 7000.0),
            "arp_decay_s": (0.08, 0.22),
            "arp_level": (0.28, 0.55),
            "bass_cutoff_hz": (350.0, 1200.0),
            "bass_decay_s": (0.08, 0.22),
            "reverb_s": (1.5, 3.2),
            "reverb_level": (0.25, 0.6),
            "delay_level": (0.15, 0.5),
            "duck": (0.45, 0.9),
            "swing": (0.0, 0.06),
        },
    ),
}

ARTISTS = {
    ITALODANCE: {
        "Lido Novantasei": ("Cabina Blu", "Ultima Spiaggia"),
        "Fratelli Girandola": ("Luna Park",),
        "Marea Elettrica": ("Alta Stagione", "Molo Nord"),
        "DJ Corallino": ("Pista Centrale",),
        "Gelato Meccanico": ("Tre Gusti", "Senza Zucchero"),
        "Zanzara Club": ("Notti Corte",),
    },
    TRANCE: {
        "Aurelian Drift": ("Slow Horizons", "Perihelion Letters"),
        "Nordlys Array": ("Sixty Degrees North",),
        "Vanta Meridian": ("Night Cartography", "Parallax Garden"),
        "Solenne Arc": ("Cathedral of Glass",),
        "Paracosm Nine": ("Ninth Window", "A Door in the Sky"),
        "Ilmar Veld": ("Tidal Memory",),
    },
}

TITLE_WORDS = {
    ITALODANCE: (
        ("Notte", "Luna", "Estate", "Onda", "Stella", "Sabbia", "Festa", "Riviera", "Danza", "Aria"),
        (
            "Magica",
            "Blu",
            "Infinita",
            "Dolce",
            "Lontana",
            "Accesa",
            "Senza Fine",
            "Al Neon",
            "Di Fuoco",
            "Italiana",
        ),
    ),
    TRANCE: (
        (
            "Silent",
            "Distant",
            "Astral",
            "Fading",
            "Crystal",
            "Northern",
            "Weightless",
            "Burning",
            "Hidden",
            "Eternal",
        ),
        (
            "Horizon",
            "Tides",
            "Aurora",
            "Orbit",
            "Gravity",
            "Skyline",
            "Meridian",
            "Echoes",
            "Solstice",
            "Voyage",
        ),
    ),
}

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
        name: tuple((a + b) / 2.0 for a, b in zip(span, other.ranges[name], strict=True))
        for name, span in style.ranges.items()
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


# --- playing ---------------------------------------------------------------------------------------

ROLL_BARS = 4  # a snare roll and a riser fill at most this much of the end of a section


@dataclass(frozen=True)
class Bar:
    """A bar of the arrangement: which one of the song, which of its section, over which chord."""

    number: int
    local: int
    section: Section
    slot: int

    @property
    def left(self) -> int:
        return self.section.bars - self.local

    @property
    def opening(self) -> float:
        start, end = self.section.opening
        return start + (end - start) * self.local / self.section.bars


def bars_of(song: Song) -> list[Bar]:
    """List the bars of a song in order; every section starts its chords anew."""
    return [
        Bar(number, local, part, local // song.bars_per_chord % len(song.progression))
        for number, (local, part) in enumerate(
            (local, part) for part in song.arrangement for local in range(part.bars)
        )
    ]


class Desk:
    """A song being played: its clock, its random numbers, and tracks to lay sounds on."""

    def __init__(self, song: Song):
        self.song = song
        self.rng = np.random.default_rng(song.seed)
        self.step = SAMPLE_RATE * song.bar_seconds / STEPS
        self.n_samples = int(song.duration * SAMPLE_RATE)

    def track(self) -> np.ndarray:
        return np.zeros((2, self.n_samples), dtype=np.float32)

    def at(self, bar: int, step: float) -> int:
        late = self.song.palette.swing if step % 2 == 1 else 0.0
        return round((bar * STEPS + step + late) * self.step)

    def velocity(self, accent: float) -> float:
        return accent * (1.0 + 0.06 * float(self.rng.standard_normal()))

    def seconds(self, steps: float) -> float:
        return steps * self.step / SAMPLE_RATE


def lay(track: np.ndarray, start: int, sound: np.ndarray, gain: float) -> None:
    """Add a sound to a track from sample `start` on; what would pass the end is cut."""
    stop = min(start + sound.shape[-1], track.shape[-1])
    track[:, start:stop] += np.float32(gain) * sound[:, : stop - start]


def render(song: Song) -> np.ndarray:
    """Play a song.

    Parameters
    ----------
    song : Song
        The score.

    Returns
    -------
    numpy.ndarray, shape (n_samples, 2), float32
        Stereo samples at `SAMPLE_RATE`, peak at most `CEILING`.
    """
    desk, palette = Desk(song), song.palette
    drums, kicks = play_drums(desk)
    effects = play_effects(desk)
    synths = {part: play(desk) for part, play in PLAYERS.items()}
    synth.ping_pong(synths["lead"], round(3 * desk.step), palette.delay_level)
    room = synth.reverb_impulse(palette.reverb_s, 3.0, desk.rng)
    send = sum(amount * synths[part].sum(axis=0) for part, amount in SENDS.items())
    send += 0.12 * effects.sum(axis=0)
    wet = np.float32(palette.reverb_level) * synth.reverberate(send, room)
    mix = sum(synths.values(), start=wet)
    mix *= ducking(desk, kicks)
    mix += drums
    mix += effects
    mix = synth.master(mix, palette.tilt_db, palette.loudness_db, CEILING)
    mix[:, -SAMPLE_RATE:] *= np.linspace(1.0, 0.0, SAMPLE_RATE, dtype=np.float32)
    return np.ascontiguousarray(mix.T)


def ducking(desk: Desk, kicks: list[int]) -> np.ndarray:
    """Give the gain, shape (n_samples,), with which the kicks push everything else down."""
    gain = np.ones(desk.n_samples, dtype=np.float32)
    curve = synth.duck_curve(desk.seconds(3.6), desk.song.palette.duck)
    for start in kicks:
        stop = min(start + curve.size, gain.size)
        gain[start:stop] = curve[: stop - start]
    return gain


def play_drums(desk: Desk) -> tuple[np.ndarray, list[int]]:
    """Play kick, clap, hats and shaker; give the track and the samples at which the kick hits."""
    palette, track = desk.song.palette, desk.track()
    tuning = hertz(in_range(desk.song.tonic, 29))
    kick = synth.kick(tuning, palette.kick_decay_s, palette.kick_click)
    clap = synth.clap(palette.clap_tone_hz, 0.09, desk.rng)
    open_hat = synth.hat(palette.hat_tone_hz, 2.2 * palette.hat_decay_s, desk.rng)
    closed_hat = synth.hat(palette.hat_tone_hz, 0.6 * palette.hat_decay_s, desk.rng)
    kit = {
        "kick": (kick, 0.85, "x...x...x...x..."),
        "clap": (clap, palette.clap_level, "....x.......x..."),
        "hats": (open_hat, palette.hat_level, "..x...x...x...x."),
        "shaker": (closed_hat, palette.hat_level, "xo.oxo.oxo.oxo.o"),
    }
    kicks = []
    for bar, name in itertools.product(bars_of(desk.song), kit):
        if name not in bar.section.parts:
            continue
        sound, level, pattern = kit[name]
        for step in drum_steps(bar, name, pattern):
            accent = 1.0 if pattern[step] == "x" else 0.5
            lay(track, desk.at(bar.number, step), sound, level * desk.velocity(accent))
            kicks += [desk.at(bar.number, step)] * (name == "kick")
    return track, kicks


def drum_steps(bar: Bar, name: str, pattern: str) -> list[int]:
    """List the sixteenths a drum plays in a bar; the kick holds its breath before a drop."""
    steps = [step for step, mark in enumerate(pattern) if mark != "."]
    if name == "kick" and bar.section.name == "build" and bar.left == 1:
        return steps[:2]
    return steps


def play_effects(desk: Desk) -> np.ndarray:
    """Play snare rolls and risers into the end of a section, and a crash on the start of one."""
    track, palette = desk.track(), desk.song.palette
    snare = synth.snare(palette.clap_tone_hz, 0.1, desk.rng)
    crash = synth.hat(3500.0, 0.6, desk.rng)
    for bar in bars_of(desk.song):
        parts, climb = bar.section.parts, min(ROLL_BARS, bar.section.bars)
        if "crash" in parts and bar.local == 0:
            lay(track, desk.at(bar.number, 0), crash, 0.4)
        if "riser" in parts and bar.left == climb:
            lay(track, desk.at(bar.number, 0), synth.riser(desk.seconds(climb * STEPS), desk.rng), 0.16)
        if "roll" in parts and bar.left <= min(2, climb):
            for step in range(0, STEPS, 2 if bar.left == 2 else 1):
                done = 1.0 - (bar.left - step / STEPS) / 2.0
                lay(track, desk.at(bar.number, step), snare, desk.velocity(0.08 + 0.3 * done))
    return track


def play_bass(desk: Desk) -> np.ndarray:
    """Play the bass pattern on the root of each chord."""
    song, track = desk.song, desk.track()

    @cache
    def sound(midi: int, length: int, cutoff: float) -> np.ndarray:
        return synth.pluck(
            hertz(midi),
            desk.seconds(length),
            song.bass_wave,
            cutoff * song.palette.bass_cutoff_hz,
            song.palette.bass_decay_s,
            desk.rng,
            sustain=0.4,
        )

    for bar in bars_of(song):
        if "bass" not in bar.section.parts:
            continue
        root = in_range(triad(song, song.progression[bar.slot])[0], 33)
        for hit in song.bassline:
            note = sound(root + 12 * hit.octave, hit.length, 0.5 + 0.5 * round(bar.opening))
            lay(
                track,
                desk.at(bar.number, hit.step),
                note,
                song.palette.bass_level * desk.velocity(hit.accent),
            )
    return track


def play_pad(desk: Desk) -> np.ndarray:
    """Hold the chords as supersaws that brighten as the section's filter opens."""
    song, palette, track = desk.song, desk.song.palette, desk.track()
    chords, span = voicings(song), song.bars_per_chord
    length = desk.seconds(span * STEPS) + 0.06

    @cache
    def sound(slot: int) -> tuple[np.ndarray, np.ndarray]:
        low = in_range(triad(song, song.progression[slot])[0], 43)
        pitches = [hertz(note) for note in (low, *chords[slot], chords[slot][0] + 12)]
        state = desk.rng.bit_generator.state
        bright = synth.supersaw(pitches, length, palette.pad_cutoff_hz, palette.pad_detune_cents, desk.rng)
        desk.rng.bit_generator.state = state
        dark = synth.supersaw(pitches, length, 450.0, palette.pad_detune_cents, desk.rng)
        return synth.soften_edges(dark, 0.03, 0.06), synth.soften_edges(bright, 0.03, 0.06)

    for bar in bars_of(song):
        if "pad" in bar.section.parts and bar.local % span == 0:
            dark, bright = sound(bar.slot)
            stop = min(1.0, bar.opening + 0.1 * span)
            opening = np.linspace(bar.opening, stop, dark.shape[-1], dtype=np.float32)
            lay(track, desk.at(bar.number, 0), dark + opening * (bright - dark), palette.pad_level)
    return track


def play_arp(desk: Desk) -> np.ndarray:
    """Walk through the chord notes in sixteenths, or chop short chords where the part is "chops"."""
    song, palette, track = desk.song, desk.song.palette, desk.track()
    chords = voicings(song, lowest=60)

    @cache
    def sound(midi: int, cutoff: float) -> np.ndarray:
        return synth.pluck(
            hertz(midi),
            desk.seconds(1.6 * song.arp_grid),
            "saw",
            cutoff * palette.arp_cutoff_hz,
            palette.arp_decay_s,
            desk.rng,
            voices=2,
            detune=6.0,
        )

    for bar in bars_of(song):
        if not bar.section.parts & {"arp", "chops"}:
            continue
        ladder = [note + octave for octave in (0, 12) for note in chords[bar.slot]]
        cutoff = 0.2 + 0.2 * round(4.0 * bar.opening)
        for count, step in enumerate(range(0, STEPS, song.arp_grid)):
            midi = ladder[song.arp[(bar.local * STEPS // song.arp_grid + count) % len(song.arp)]]
            level = palette.arp_level * (0.4 + 0.6 * bar.opening)
            accent = 1.0 if step % 4 == 2 else 0.75
            lay(track, desk.at(bar.number, step), sound(midi, cutoff), level * desk.velocity(accent))
    return track


def play_lead(desk: Desk) -> np.ndarray:
    """Play the hook; it starts softly in builds and breakdowns and stands out in the drops."""
    song, palette, track = desk.song, desk.song.palette, desk.track()
    loop = len(song.progression) * song.bars_per_chord
    lowest = in_range(song.tonic, 62)

    @cache
    def sound(midi: int, length: int, cutoff: float) -> np.ndarray:
        return synth.pluck(
            hertz(midi),
            desk.seconds(0.95 * length),
            song.lead_wave,
            cutoff * palette.lead_cutoff_hz,
            palette.lead_decay_s,
            desk.rng,
            sustain=0.35,
            voices=3,
            detune=palette.lead_detune_cents,
        )

    for bar in bars_of(song):
        if "lead" not in bar.section.parts:
            continue
        cutoff = 0.25 + 0.25 * round(3.0 * bar.opening)
        for note in song.hook:
            if note.step // STEPS == bar.local % loop:
                midi = lowest + semitones(song, note.degree, song.progression[bar.slot])
                level = palette.lead_level * (0.5 + 0.5 * bar.opening) * desk.velocity(note.accent)
                lay(track, desk.at(bar.number, note.step % STEPS), sound(midi, note.length, cutoff), level)
    return track


PLAYERS = {"bass": play_bass, "pad": play_pad, "arp": play_arp, "lead": play_lead}
SENDS = {"pad": 0.5, "arp": 0.6, "lead": 0.6}  # how much of each part goes into the room


# --- files -----------------------------------------------------------------------------------------


def write_song(song: Song, folder: Path) -> Path:
    """Render a song into `folder`/GENRE/"Artist - Title.mp3", unless that very file is there.

    A finished file carries the fingerprint of its score and of the code that played it. A file with
    the right fingerprint is kept; any other of that name is replaced, atomically.

    Returns
    -------
    pathlib.Path
        The file.
    """
    path = Path(folder) / song.genre / song.file_name
    if read_fingerprint(path) == fingerprint(song):
        return path
    with replacing(path) as temporary:
        # Variable bit rate is LAME's faster mode; 0.7 gives about 120 kbit/s.
        temporary.write_bytes(encode(render(song)))
        tag(song, temporary)
    return path


def encode(samples: np.ndarray) -> bytes:
    """Encode stereo samples (n_samples, 2) in -1..1 as MP3, 44.1 kHz, 128 kbit/s."""
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(SAMPLE_RATE)
    encoder.set_channels(2)
    encoder.set_bit_rate(BIT_RATE)
    encoder.set_quality(LAME_QUALITY)
    encoder.silence()
    pcm = np.rint(np.clip(samples, -1, 1) * 32_767).astype("<i2")
    return bytes(encoder.encode(pcm.tobytes()) + encoder.flush())


def tag(song: Song, path: Path) -> None:
    """Write artist, title, album, year, genre and our fingerprint into an MP3 file (ID3v2.4)."""
    tags = ID3()
    tags.add(TPE1(text=song.artist))
    tags.add(TIT2(text=song.title))
    tags.add(TALB(text=song.album))
    tags.add(TDRC(text=str(song.year)))
    tags.add(TRCK(text=str(song.track)))
    tags.add(TCON(text=song.genre.capitalize()))
    tags.add(TXXX(desc=FINGERPRINT, text=fingerprint(song)))
    tags.save(path)


@cache
def recipe() -> bytes:
    """Hash the code that composes and plays; another recipe makes other songs."""
    return hashlib.sha256(Path(__file__).read_bytes() + Path(synth.__file__).read_bytes()).digest()


def fingerprint(song: Song) -> str:
    """Hash a score together with the code that plays it; 16 hexadecimal digits."""
    return hashlib.sha256(score_text(song).encode() + recipe()).hexdigest()[:16]


def score_text(song: Song) -> str:
    """Write a score as one text that is the same in every run (sets are sorted)."""
    arrangement = [(part.name, part.bars, sorted(part.parts), part.opening) for part in song.arrangement]
    return repr((arrangement, replace(song, arrangement=())))


def read_fingerprint(path: Path) -> str | None:
    """Read the fingerprint of a demo song; None if the file is missing or is not one of ours."""
    try:
        frame = ID3(path).get(f"TXXX:{FINGERPRINT}")
    except MutagenError:  # missing, unreadable, or without a tag
        return None
    return str(frame) if frame else None


def write_library(
    folder: Path,
    n_songs: int = 48,
    workers: int = 2,
    on_song: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Make a folder hold the demo library and no other demo song.

    Songs that are already there are kept, so a second run takes no time. Demo songs of an older
    recipe, or beyond `n_songs`, are removed; files that are not ours are never touched.

    Parameters
    ----------
    folder : pathlib.Path
        Where the genre folders go.
    n_songs : int
        How many songs.
    workers : int
        How many are rendered at a time; the files are the same with any number.
    on_song : callable, optional
        Called with each path when its file is finished, in order of completion.

    Returns
    -------
    list of pathlib.Path
        The files, in the order of `compose_library`.
    """
    songs = compose_library(n_songs)
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(write_song, song, folder) for song in songs]
        try:
            for future in as_completed(futures):
                path = future.result()
                if on_song:
                    on_song(path)
        finally:  # after Ctrl-C or a full disk, don't start the songs that are left
            pool.shutdown(wait=False, cancel_futures=True)
    paths = [future.result() for future in futures]
    remove_strays(folder, set(paths))
    return paths


def remove_strays(folder: Path, wanted: set[Path]) -> None:
    """Remove demo songs that do not belong to the library any more."""
    for genre in GENRES:
        for path in (Path(folder) / genre).glob("*.mp3"):
            if path not in wanted and read_fingerprint(path):
                path.unlink()
