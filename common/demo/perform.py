"""Play a score: every part on its own track, the room, the ducking, the mix."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np

from common.demo import synth
from common.demo.score import STEPS, Passage, Song, hertz, in_range, semitones, triad, voicings
from common.demo.synth import SAMPLE_RATE

CEILING = 0.8  # highest sample of a finished song; leaves room for what MP3 adds to peaks
ROLL_BARS = 4  # a snare roll and a riser fill at most this much of the end of a passage


@dataclass(frozen=True)
class Bar:
    """A bar of the arrangement: which one of the song, which of its passage, over which chord."""

    number: int
    local: int
    passage: Passage
    slot: int

    @property
    def left(self) -> int:
        return self.passage.bars - self.local

    @property
    def opening(self) -> float:
        start, end = self.passage.opening
        return start + (end - start) * self.local / self.passage.bars


def bars_of(song: Song) -> list[Bar]:
    """List the bars of a song in order; every passage starts its chords anew."""
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
        The score that is played.

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
        if name not in bar.passage.parts:
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
    if name == "kick" and bar.passage.name == "build" and bar.left == 1:
        return steps[:2]
    return steps


def play_effects(desk: Desk) -> np.ndarray:
    """Play snare rolls and risers into the end of a passage, and a crash on the start of one."""
    track, palette = desk.track(), desk.song.palette
    snare = synth.snare(palette.clap_tone_hz, 0.1, desk.rng)
    crash = synth.hat(3500.0, 0.6, desk.rng)
    for bar in bars_of(desk.song):
        parts, climb = bar.passage.parts, min(ROLL_BARS, bar.passage.bars)
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
        if "bass" not in bar.passage.parts:
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
    """Hold the chords as supersaws that brighten as the passage's filter opens."""
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
        if "pad" in bar.passage.parts and bar.local % span == 0:
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
        if not bar.passage.parts & {"arp", "chops"}:
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
        if "lead" not in bar.passage.parts:
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
