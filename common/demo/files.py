"""Demo songs as tagged MP3 files in genre folders; songs that are there already are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from functools import cache
from pathlib import Path

import lameenc
import numpy as np
from mutagen import MutagenError
from mutagen.id3 import ID3, TALB, TCON, TDRC, TIT2, TPE1, TRCK, TXXX

from common.demo.compose import compose_library
from common.demo.perform import render
from common.demo.score import GENRES, Song
from common.demo.synth import SAMPLE_RATE
from common.files import replacing

BIT_RATE, LAME_QUALITY = 128, 5
"""kbit/s, and LAME's own scale from 0 (best, slow) to 9."""

FINGERPRINT = "music-embedding-analysis demo"  # names the tag by which we know our own files


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
    """Hash the code of this package, which composes and plays; another recipe makes other songs."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).digest()


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
