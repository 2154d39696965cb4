"""How much memory does stage 1 need for mixes of an hour?

Writes one hour of music, 44.1 kHz stereo MP3, and runs stage 1 on one such mix with one worker and on four
at once with four workers, each in a process of its own, and prints the largest resident size it had.

Run     python -m benchmarks.memory [--minutes 60]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile

from common import demo
from common.console import HOUSE, table


def write_mix(path: Path, minutes: float) -> None:
    """Write a demo song over and over until the mix is long enough."""
    samples = demo.render(demo.compose_library(2)[0])
    left = round(minutes * 60 * demo.SAMPLE_RATE)
    with soundfile.SoundFile(path, "w", demo.SAMPLE_RATE, 2) as file:
        while left > 0:
            file.write(samples[:left])
            left -= len(samples)


def peak_megabytes(folder: Path, workers: int, data: Path) -> tuple[float, float]:
    """Largest resident size of stage 1 in MB, and how long it took in seconds."""
    command = [
        sys.executable,
        HOUSE / "01_feature_extraction.py",
        folder,
        "--data",
        data,
        "--workers",
        workers,
    ]
    start = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit("stage 1 failed")
    return usage.ru_maxrss / 1024, time.perf_counter() - start


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
            peak, seconds = peak_megabytes(root / name, workers, root / f"data {name}")
            speed = mixes * arguments.minutes * 60 / seconds
            rows.append((mixes, workers, f"{peak:.0f}", f"{seconds:.0f}", f"{speed:.0f}×"))
    headers = ("mixes", "workers", "peak MB", "seconds", "realtime")
    print(table(headers, rows, right="rrrrr"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
