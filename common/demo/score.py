"""The score of a demo song: what is played, and the harmony that follows from its key."""

from __future__ import annotations

from dataclasses import dataclass

ITALODANCE, TRANCE = "ITALODANCE", "TRANCE"
GENRES = (ITALODANCE, TRANCE)


NOTE_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
SCALES = {"minor": (0, 2, 3, 5, 7, 8, 10), "major": (0, 2, 4, 5, 7, 9, 11)}
ROMAN = {
    "minor": ("i", "ii°", "III", "iv", "V", "VI", "VII"),
    "major": ("I", "ii", "iii", "IV", "V", "vi", "vii°"),
}


STEPS = 16  # sixteenth notes in a bar; all music here is in four
TAIL = 2.0  # seconds in which the last notes and the room die away


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
class Passage:
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
    arrangement: tuple[Passage, ...]
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
        return sum(passage.bars for passage in self.arrangement)

    @property
    def bar_seconds(self) -> float:
        return 240.0 / self.bpm

    @property
    def duration(self) -> float:
        return self.bars * self.bar_seconds + TAIL

    @property
    def file_name(self) -> str:
        return f"{self.artist} - {self.title}.mp3"


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
