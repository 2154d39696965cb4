"""What the genres of the demo library choose from: tempos, chords, rhythms, forms, sounds and names."""

from __future__ import annotations

from dataclasses import dataclass

from common.demo.score import ITALODANCE, STEPS, TRANCE, Hit, Passage


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


def passage(name: str, bars: int, parts: str, opening: tuple[float, float]) -> Passage:
    """Write a passage whose parts are words separated by spaces."""
    return Passage(name, bars, frozenset(parts.split()), opening)


def italodance_form(drop: int, rest: int, again: int) -> tuple[Passage, ...]:
    """Arrange a song around its hook: the lead is never away for long."""
    return (
        passage("intro", 4, "kick hats bass chops", (0.3, 0.5)),
        passage("build", 4, "kick clap hats bass pad lead roll riser", (0.3, 0.8)),
        passage("drop", drop, "kick clap hats shaker bass lead chops crash", (0.8, 1.0)),
        passage("breakdown", rest, "pad lead clap roll riser", (0.3, 0.9)),
        passage("drop", again, "kick clap hats shaker bass lead pad chops crash", (0.9, 1.0)),
        passage("outro", 4, "kick hats bass chops", (0.6, 0.2)),
    )


def trance_form(intro: int, build: int, rest: int, again: int) -> tuple[Passage, ...]:
    """Arrange a song around its breakdown: kick and bass leave, the supersaws open."""
    return (
        passage("intro", intro, "kick hats shaker bass", (0.1, 0.3)),
        passage("build", build, "kick clap hats shaker bass arp roll riser", (0.2, 0.7)),
        passage("drop", 8, "kick clap hats shaker bass arp pad crash", (0.7, 0.9)),
        passage("breakdown", rest, "pad arp lead roll riser", (0.1, 0.9)),
        passage("drop", again, "kick clap hats shaker bass arp pad lead crash", (0.9, 1.0)),
        passage("outro", 4, "kick hats shaker bass arp", (0.5, 0.1)),
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
    forms: tuple[tuple[Passage, ...], ...]
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
