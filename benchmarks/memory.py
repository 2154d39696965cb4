"""How much memory does stage 1 need for mixes of an hour?

Writes one hour of music, 44.1 kHz stereo MP3, and runs stage 1 on one such mix with one worker and on four
at once with four workers, each in a process of its own, and prints the largest resident size it had.

Run     python -m benchmarks.memory [--minutes 60]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import soundfile

from benchmarks.processes import Usage, measure
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


def run_stage(folder: Path, workers: int, data: Path) -> Usage:
    """What stage 1 takes for the songs of a folder."""
    script = PROJECT / "01_feature_extraction.py"
    return measure([sys.executable, script, folder, "--data", data, "--workers", workers])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60, help="length of a mix (default: 60)")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "one").mkdir()
        (root / "four").mkdir()
        write_mix(root / "one" / "mix.mp3", arguments.minutes)
        for number in range(4):
            os.link(root / "one" / "mix.mp3", root / "four" / f"mix {number}.mp3")
        for name, mixes, workers in (("one", 1, 1), ("four", 4, 4)):
            used = run_stage(root / name, workers, root / f"data {name}")
            speed = mixes * arguments.minutes * 60 / used.seconds
            rows.append((mixes, workers, f"{used.peak_mb:.0f}", f"{used.seconds:.0f}", f"{speed:.0f}×"))
    headers = ("mixes", "workers", "peak MB", "seconds", "realtime")
    print(table(headers, rows, right="rrrrr"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
