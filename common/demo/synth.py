"""Instruments and effects: the sound of the demo songs, as pure functions.

Every sound is a float32 array of shape (2, n): left and right, at `SAMPLE_RATE`. Randomness always
comes from a `numpy.random.Generator` that the caller passes in, so a song sounds the same every time.

Pitched sounds are band-limited by construction. A short note reads a single cycle that was summed
from harmonics (a wavetable); a long supersaw chord is written as a spectrum and transformed once.
Filters are therefore free: they scale harmonics before any sample exists.
"""

from __future__ import annotations

import numpy as np
from scipy import fft, signal

SAMPLE_RATE = 44_100
ROOM_RATE = SAMPLE_RATE // 2

HIGHEST_PARTIAL = 15_000.0  # Hz; keeps every partial below what MP3 at moderate bit rates carries
TABLE_SIZE = 2048
PHASE_BITS = 21  # 32-bit phase: 11 bits address the table, 21 lie between its samples
CHORD_SIZE = 1 << 17  # samples in a chord's spectrum: 3 s, so partials land within 0.17 Hz

ORGAN_DRAWBARS = {1: 1.0, 2: 0.8, 3: 0.5, 4: 0.45, 6: 0.3, 8: 0.35}


# --- oscillators -----------------------------------------------------------------------------------


def harmonics(wave: str, count: int) -> np.ndarray:
    """Give the amplitudes of the first `count` harmonics of a waveform.

    Parameters
    ----------
    wave : {"saw", "square", "pulse", "triangle", "organ"}
        The waveform that the harmonics make up.
    count : int
        How many harmonics, the fundamental included.

    Returns
    -------
    numpy.ndarray, shape (count,)
        Amplitudes; the fundamental is near 1.
    """
    k = np.arange(1, count + 1)
    if wave == "saw":
        return 1.0 / k
    if wave == "square":
        return (k % 2) / k
    if wave == "pulse":
        return np.abs(np.sin(np.pi * k * 0.22)) / k / np.sin(np.pi * 0.22)
    if wave == "triangle":
        return (k % 2) / k**2.0
    if wave == "organ":
        return np.array([ORGAN_DRAWBARS.get(int(i), 0.05 / i) for i in k])
    raise ValueError(f"unknown wave {wave!r}")


def lowpass_gain(frequency: np.ndarray, cutoff: float) -> np.ndarray:
    """Give the gain of a two-pole Butterworth low-pass at each frequency (both in Hz)."""
    return 1.0 / np.sqrt(1.0 + (frequency / cutoff) ** 4)


def single_cycle(wave: str, frequency: float, cutoff: float) -> np.ndarray:
    """Sum one band-limited, filtered cycle of a wave; shape (TABLE_SIZE + 1,), last = first."""
    count = max(1, min(int(HIGHEST_PARTIAL / frequency), TABLE_SIZE // 2 - 1))
    k = np.arange(1, count + 1)
    spectrum = np.zeros(TABLE_SIZE // 2 + 1, dtype=np.complex64)
    spectrum[k] = -0.5j * TABLE_SIZE * harmonics(wave, count) * lowpass_gain(k * frequency, cutoff)
    cycle = fft.irfft(spectrum, TABLE_SIZE)
    return np.append(cycle, cycle[0]).astype(np.float32)


def read_cycles(cycles: np.ndarray, frequency: float, n: int, start: float) -> np.ndarray:
    """Play `n` samples of cycles, shape (k, TABLE_SIZE + 1), at `frequency` Hz from phase `start` (0-1).

    The phase is a 32-bit counter that wraps around once per cycle, as in a hardware oscillator: its
    high bits choose the sample, its low bits interpolate. Returns float32, shape (k, n).
    """
    increment = np.uint32(round(frequency / SAMPLE_RATE * 2**32))
    phase = np.arange(n, dtype=np.uint32) * increment + np.uint32(start * 2**32)
    index = (phase >> PHASE_BITS).astype(np.intp)
    fraction = (phase & np.uint32((1 << PHASE_BITS) - 1)).astype(np.float32)
    low = cycles.take(index, axis=1)
    return low + (cycles.take(index + 1, axis=1) - low) * (fraction * np.float32(2.0**-PHASE_BITS))


def spread(voices: int, detune: float) -> tuple[np.ndarray, np.ndarray]:
    """Lay unison voices out in pitch and across the stereo image.

    Returns
    -------
    ratios, pans : numpy.ndarray, shape (voices,)
        Frequency ratios within +-`detune` cents, and pan positions from -1 (left) to 1 (right).
        Neighbours in pitch sit on opposite sides.
    """
    offsets = np.linspace(-1.0, 1.0, voices) if voices > 1 else np.zeros(1)
    sides = np.where(np.arange(voices) % 2, 1.0, -1.0) * np.abs(offsets)
    return 2.0 ** (offsets * detune / 1200.0), sides


def pan_gains(pan: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Give equal-power left and right gains of pan positions in -1 (left) to 1 (right)."""
    angle = (np.asarray(pan) + 1.0) * np.pi / 4.0
    return np.cos(angle), np.sin(angle)


# --- pitched instruments ---------------------------------------------------------------------------


def decay_curve(n: int, seconds: float) -> np.ndarray:
    """Fall from 1 towards 0 with a time constant in seconds; float32, shape (n,)."""
    return np.exp(-np.arange(n, dtype=np.float32) / np.float32(seconds * SAMPLE_RATE))


def soften_edges(sound: np.ndarray, attack: float, release: float) -> np.ndarray:
    """Fade the first `attack` and last `release` seconds of a sound, in place, so nothing clicks."""
    rise = min(int(attack * SAMPLE_RATE), sound.shape[-1] // 2)
    fall = min(int(release * SAMPLE_RATE), sound.shape[-1] // 2)
    sound[..., :rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    if fall:
        sound[..., -fall:] *= np.linspace(1.0, 0.0, fall, dtype=np.float32) ** 2
    return sound


def pluck(
    frequency: float,
    seconds: float,
    wave: str,
    cutoff: float,
    decay: float,
    rng: np.random.Generator,
    *,
    sustain: float = 0.0,
    voices: int = 1,
    detune: float = 0.0,
) -> np.ndarray:
    """Play one note whose brightness and level fall together, as a filter envelope does.

    Parameters
    ----------
    frequency, seconds, cutoff, decay : float
        Pitch in Hz, length in s, opening of the filter in Hz, time constant in s.
    wave : str
        A waveform of `harmonics`.
    rng : numpy.random.Generator
        Draws the starting phase of each unison voice.
    sustain : float
        Level, 0-1, that the note decays to.
    voices : int
        Unison voices, panned apart.
    detune : float
        Half the pitch spread of the voices, in cents.

    Returns
    -------
    numpy.ndarray, shape (2, n), float32
        The note, about 0.5 RMS at its start.
    """
    n = int(seconds * SAMPLE_RATE)
    cutoffs = (max(cutoff / 5.0, 1.2 * frequency), cutoff)
    cycles = np.stack([single_cycle(wave, frequency, opening) for opening in cutoffs])
    fall = decay_curve(n, decay)
    note = np.zeros((2, n), dtype=np.float32)
    for ratio, pan in zip(*spread(voices, detune), strict=True):
        left, right = pan_gains(pan)
        dark, bright = read_cycles(cycles, frequency * ratio, n, rng.random())
        voice = dark + fall * (bright - dark)
        note[0] += np.float32(left) * voice
        note[1] += np.float32(right) * voice
    note *= (sustain + (1.0 - sustain) * fall) / np.float32(np.sqrt(voices))
    return soften_edges(note, 0.002, 0.02)


def supersaw(
    frequencies: list[float],
    seconds: float,
    cutoff: float,
    detune: float,
    rng: np.random.Generator,
    voices: int = 7,
) -> np.ndarray:
    """Hold a chord of detuned, stereo-spread saws, summed in the frequency domain.

    Each of the `voices` saws of each note puts its harmonics into one spectrum per channel, already
    filtered at `cutoff` Hz; one inverse transform then sounds the whole chord.

    Parameters
    ----------
    frequencies : list of float
        The chord's pitches in Hz.
    seconds, cutoff, detune : float
        Length in s, low-pass cutoff in Hz, half the unison spread in cents.
    rng : numpy.random.Generator
        The generator that the phase of every saw is drawn from.
    voices : int
        The number of saws that sound each note.

    Returns
    -------
    numpy.ndarray, shape (2, n), float32
        The chord, 0.25 RMS, without fades.
    """
    n = int(seconds * SAMPLE_RATE)
    size = max(CHORD_SIZE, fft.next_fast_len(n, real=True))
    ratios, pans = spread(voices, detune)
    roots = np.outer(frequencies, ratios)[..., np.newaxis]
    k = np.arange(1, int(HIGHEST_PARTIAL / roots.min()) + 1)
    partials = roots * k
    gains = np.where(partials < HIGHEST_PARTIAL, lowpass_gain(partials, cutoff) / k, 0.0)
    waves = gains * np.exp(2j * np.pi * k * rng.random(roots.shape))
    bins = np.rint(partials * size / SAMPLE_RATE).astype(np.int64)
    bins = np.minimum(bins, size // 2)
    sides = [waves * side[:, np.newaxis] for side in pan_gains(pans)]
    spectra = np.stack([spectrum_of(bins, side, size // 2 + 1) for side in sides])
    chord = fft.irfft(spectra, size, axis=-1)[:, :n]
    return chord * np.float32(0.25 / np.sqrt(np.mean(chord**2)))


def spectrum_of(bins: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Add complex `values` into the numbered `bins` of an empty spectrum; complex64, (size,)."""
    real = np.bincount(bins.ravel(), values.real.ravel(), minlength=size)
    imag = np.bincount(bins.ravel(), values.imag.ravel(), minlength=size)
    return (real + 1j * imag).astype(np.complex64)


# --- drums and noise -------------------------------------------------------------------------------


def stereo(sound: np.ndarray) -> np.ndarray:
    """Put a mono sound, shape (n,), in both channels; float32, shape (2, n)."""
    return np.stack([sound, sound]).astype(np.float32)


def kick(pitch: float, decay: float, click: float) -> np.ndarray:
    """Hit a kick drum: a sine falling to `pitch` Hz within `decay` s, with a click of level 0-1."""
    n = int((4.0 * decay + 0.05) * SAMPLE_RATE)
    seconds = np.arange(n) / SAMPLE_RATE
    sweep = pitch * (1.0 + 5.0 * np.exp(-seconds / 0.018) + 1.2 * np.exp(-seconds / 0.06))
    body = np.sin(2.0 * np.pi * np.cumsum(sweep) / SAMPLE_RATE) * np.exp(-seconds / decay)
    knock = click * np.sin(2.0 * np.pi * 2200.0 * seconds) * np.exp(-seconds / 0.004)
    return soften_edges(stereo(np.tanh(1.6 * body) + 0.5 * knock), 0.0005, 0.03)


def filtered_noise(
    seconds: float, band: tuple[float, float], rng: np.random.Generator, rate: int = SAMPLE_RATE
) -> np.ndarray:
    """Make noise between two frequencies (Hz); float32, shape (2, n), unit RMS.

    The right channel is the left one shifted by a third, which no ear can tell from a second noise.
    """
    n = int(seconds * rate)
    noise = rng.standard_normal(n, dtype=np.float32)
    sections = signal.butter(2, band, "bandpass", fs=rate, output="sos")
    shaped = signal.sosfilt(sections.astype(np.float32), noise)
    return np.stack([shaped, np.roll(shaped, n // 3)]) / np.sqrt(np.mean(shaped**2))


def hat(tone: float, decay: float, rng: np.random.Generator) -> np.ndarray:
    """Hit a hi-hat: noise above `tone` Hz that rings for `decay` s."""
    noise = filtered_noise(5.0 * decay, (tone, 15_000.0), rng)
    return soften_edges(0.4 * noise * decay_curve(noise.shape[-1], decay), 0.0005, 0.01)


def clap(tone: float, decay: float, rng: np.random.Generator) -> np.ndarray:
    """Clap: three quick bursts of noise around `tone` Hz, the last ringing for `decay` s."""
    noise = filtered_noise(5.0 * decay + 0.03, (0.6 * tone, 2.2 * tone), rng)
    envelope = np.zeros(noise.shape[-1], dtype=np.float32)
    for start, level, ring in ((0.0, 0.7, 0.006), (0.011, 0.8, 0.006), (0.022, 1.0, decay)):
        first = int(start * SAMPLE_RATE)
        envelope[first:] += level * decay_curve(envelope.size - first, ring)
    return soften_edges(0.45 * noise * envelope, 0.0005, 0.02)


def snare(tone: float, decay: float, rng: np.random.Generator) -> np.ndarray:
    """Hit a snare: a short 190 Hz body under noise around `tone` Hz."""
    noise = filtered_noise(4.0 * decay, (0.5 * tone, 4.0 * tone), rng)
    seconds = np.arange(noise.shape[-1], dtype=np.float32) / SAMPLE_RATE
    body = np.sin(2.0 * np.pi * 190.0 * seconds) * np.exp(-seconds / 0.05)
    ring = decay_curve(noise.shape[-1], decay)
    return soften_edges((0.35 * noise * ring + 0.6 * body).astype(np.float32), 0.0005, 0.02)


def riser(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Rise: noise that brightens and swells over its whole length."""
    dark = filtered_noise(seconds, (300.0, 1800.0), rng)
    bright = filtered_noise(seconds, (3000.0, 12_000.0), rng)
    progress = np.linspace(0.0, 1.0, dark.shape[-1], dtype=np.float32)
    return soften_edges(progress**2 * (dark * (1.0 - progress) + bright * progress), 0.01, 0.03)


# --- effects ---------------------------------------------------------------------------------------


def reverb_impulse(seconds: float, damping: float, rng: np.random.Generator) -> np.ndarray:
    """Make a room: stereo noise that decays by 60 dB in `seconds`, its highs `damping` times faster.

    The noise-decay model of late reverberation: J. A. Moorer, "About this reverberation business",
    Computer Music Journal 3(2), 1979. Returns float32, shape (2, n) at `ROOM_RATE`, unit energy per
    channel.
    """
    fall = np.exp(-np.log(1000.0) / (seconds * ROOM_RATE) * np.arange(int(seconds * ROOM_RATE)))
    dark = filtered_noise(seconds, (250.0, 2500.0), rng, ROOM_RATE) * fall
    bright = filtered_noise(seconds, (2500.0, 8000.0), rng, ROOM_RATE) * fall**damping
    wait = np.zeros((2, int(0.012 * ROOM_RATE)))
    room = np.concatenate([wait, dark + 0.5 * bright], axis=1)
    return (room / np.sqrt(np.sum(room**2, axis=1, keepdims=True))).astype(np.float32)


def reverberate(send: np.ndarray, impulse: np.ndarray) -> np.ndarray:
    """Play a mono send, shape (n,), in the room of `impulse`; float32, shape (2, n).

    A room swallows the highest octave, so it is computed at half the sample rate.
    """
    wet = signal.oaconvolve(halve_rate(send)[np.newaxis], impulse, axes=-1)
    return double_rate(wet[:, : (send.size + 1) // 2])[:, : send.size]


def halve_rate(sound: np.ndarray) -> np.ndarray:
    """Keep every other sample after a seven-tap half-band low-pass; shape (n,) to ((n + 1) // 2,)."""
    padded = np.pad(sound, (3, 3 + sound.size % 2))
    even, odd = padded[1::2], padded[::2]
    near, far = odd[1:-2] + odd[2:-1], odd[:-3] + odd[3:]
    return np.float32(0.5) * even[1:-2] + np.float32(9 / 32) * near - np.float32(1 / 32) * far


def double_rate(sound: np.ndarray) -> np.ndarray:
    """Put a sample between every two, by cubic interpolation; shape (k, n) to (k, 2 n)."""
    padded = np.pad(sound, ((0, 0), (1, 2)))
    near, far = padded[:, 1:-2] + padded[:, 2:-1], padded[:, :-3] + padded[:, 3:]
    between = np.float32(9 / 16) * near - np.float32(1 / 16) * far
    return np.stack([sound, between], axis=-1).reshape(len(sound), -1)


def ping_pong(sound: np.ndarray, delay: int, level: float, repeats: int = 3) -> np.ndarray:
    """Echo a stereo sound every `delay` samples, swapping sides, each `level` times the last.

    Works in place and returns the sound.
    """
    dry = sound.copy()
    for repeat in range(1, repeats + 1):
        shift, gain = repeat * delay, np.float32(level**repeat)
        source = dry[:: -1 if repeat % 2 else 1, : max(0, sound.shape[-1] - shift)]
        sound[:, shift:] += gain * source
    return sound


def duck_curve(seconds: float, depth: float) -> np.ndarray:
    """Give the gain of a side-chained part after one kick: down by `depth` (0-1), back in `seconds`."""
    n = int(seconds * SAMPLE_RATE)
    recovery = np.linspace(0.0, 1.0, n, dtype=np.float32) ** 1.5
    curve = 1.0 - depth * (1.0 - recovery)
    dip = min(n, int(0.004 * SAMPLE_RATE))
    curve[:dip] = np.linspace(1.0, curve[dip - 1], dip)
    return curve.astype(np.float32)


def tilt(sound: np.ndarray, decibels: float, pivot: float = 900.0) -> np.ndarray:
    """Tilt the spectrum around `pivot` Hz: highs up and lows down by half of `decibels` each."""
    pole = np.exp(-2.0 * np.pi * pivot / SAMPLE_RATE)
    b = np.array([1.0 - pole], dtype=np.float32)
    lows = signal.lfilter(b, np.array([1.0, -pole], dtype=np.float32), sound)
    up, down = (np.float32(10.0 ** (sign * decibels / 40.0)) for sign in (1, -1))
    return up * sound + (down - up) * lows


def master(sound: np.ndarray, tilt_db: float, loudness_db: float, ceiling: float) -> np.ndarray:
    """Finish a mix: tone, loudness (dBFS RMS, before limiting), soft clip below `ceiling`."""
    toned = tilt(sound, tilt_db)
    toned *= np.float32(10.0 ** (loudness_db / 20.0) / np.sqrt(np.mean(toned**2)) / ceiling)
    np.tanh(toned, out=toned)
    toned *= np.float32(ceiling)
    return toned
