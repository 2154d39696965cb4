"""How much memory does stage 1 need for mixes of an hour, and do four at once keep within the budget?

Writes one hour of music, 44.1 kHz stereo MP3, and runs stage 1 on a minute of it, on one such mix with one
worker and on four at once with four workers, each in a process of its own. Prints the largest resident size;
what it has beyond that of the minute is what songs take, and is held against what they set aside: the budget
of all songs in work, or less where fewer are there. Exits with 1 if they took more.

Run     python -m benchmarks.memory [--minutes 60]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import soundfile

from benchmarks.processes import Usage, measure
from common.audio import BUDGET, MEMORY_PER_SECOND
from common.demo import compose, perform
from common.demo.synth import SAMPLE_RATE
from common.paths import PROJECT
from common.text import table


def write_mix(path: Path, minutes: float) -> None:
    """Write a demo song over and over until the mix is long enough."""
    samples = perform.render(compose.compose_library(2)[0])
    left = round(minutes * 60 * SAMPLE_RATE)
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, 2) as file:
        while left > 0:
            file.write(samples[:left])
            left -= len(samples)


def write_mixes(root: Path, number: int, minutes: float) -> tuple[Path, int, Path]:
    """Write a folder of mixes that differ in their tags; returns it, their number, and a data folder."""
    music = root / f"{number} of {minutes:g}"
    music.mkdir()
    write_mix(music / "mix 0.mp3", minutes)
    sound = (music / "mix 0.mp3").read_bytes()
    for other in range(1, number):
        tag = b"TAG" + f"mix {other}".encode().ljust(125, b"\0")
        (music / f"mix {other}.mp3").write_bytes(sound + tag)
    return music, number, root / "data" / music.name


def run_stage(music: Path, workers: int, data: Path) -> Usage:
    """What stage 1 takes for the songs of a folder."""
    script = PROJECT / "01_feature_extraction.py"
    return measure([sys.executable, script, music, "--data", data, "--workers", workers])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60, help="length of a mix (default: 60)")
    arguments = parser.parse_args()
    rows, all_within, base = [], True, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for mixes, minutes in ((1, 1.0), (1, arguments.minutes), (4, arguments.minutes)):
            used = run_stage(*write_mixes(Path(folder), mixes, minutes))
            base = base or used.peak_mb
            seconds, taken = mixes * minutes * 60, used.peak_mb - base
            allowed = min(seconds * MEMORY_PER_SECOND, BUDGET.total) / 1e6
            all_within &= taken <= allowed
            sizes = (f"{size:.0f}" for size in (used.peak_mb, taken, allowed))
            rows.append((mixes, f"{minutes:g}", *sizes, f"{seconds / used.cpu_seconds:.0f}"))
    headers = ("mixes", "minutes", "peak MB", "songs MB", "set aside MB", "s per CPU second")
    print(table(headers, rows, right="rrrrrr"))
    verdict = "kept" if all_within else "exceeded"
    print(f"budget of all songs in work: {BUDGET.total / 1e6:.0f} MB; {verdict}")
    return 0 if all_within else 1


if __name__ == "__main__":
    sys.exit(main())
