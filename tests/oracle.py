"""The embedding in its literal form: one librosa call per descriptor, on the samples, block by block.

Shares nothing with the extractor; slow on purpose. The one thing added to librosa's numbers is that a
tempo without a significant pulse is 0, as the layout documents.
"""

from __future__ import annotations

import librosa
import numpy as np

RATE = 22_050


def literal_blocks(y: np.ndarray) -> dict[str, np.ndarray]:
    """Every block of the layout by its name, from plain librosa calls."""
    feature = librosa.feature
    mfcc = feature.mfcc(y=y, sr=RATE, n_mfcc=20)
    chroma = feature.chroma_cqt(y=y, sr=RATE)
    tonnetz = feature.tonnetz(chroma=chroma, sr=RATE)
    centroid = feature.spectral_centroid(y=y, sr=RATE)
    rolloff = feature.spectral_rolloff(y=y, sr=RATE, roll_percent=0.85)
    bandwidth = feature.spectral_bandwidth(y=y, sr=RATE)
    contrast = feature.spectral_contrast(y=y, sr=RATE)
    flatness = feature.spectral_flatness(y=y)
    crossings = feature.zero_crossing_rate(y)
    tempo, _ = librosa.beat.beat_track(y=y, sr=RATE)
    tempo = np.atleast_1d(tempo) * has_pulse(y, float(np.max(tempo)))
    rms = feature.rms(y=y)
    mel = librosa.power_to_db(feature.melspectrogram(y=y, sr=RATE, n_mels=128), ref=np.max)
    return {
        "mfcc_mean": mfcc.mean(axis=1),
        "mfcc_std": mfcc.std(axis=1),
        "mfcc_delta_mean": feature.delta(mfcc).mean(axis=1),
        "chroma_mean": chroma.mean(axis=1),
        "chroma_std": chroma.std(axis=1),
        "spectral_centroid_mean": centroid.mean(axis=1),
        "spectral_centroid_std": centroid.std(axis=1),
        "spectral_rolloff_mean": rolloff.mean(axis=1),
        "spectral_rolloff_std": rolloff.std(axis=1),
        "spectral_bandwidth_mean": bandwidth.mean(axis=1),
        "spectral_bandwidth_std": bandwidth.std(axis=1),
        "spectral_contrast_mean": contrast.mean(axis=1),
        "spectral_contrast_std": contrast.std(axis=1),
        "spectral_contrast_median": np.median(contrast, axis=1),
        "spectral_flatness_mean": flatness.mean(axis=1),
        "zero_crossing_rate_mean": crossings.mean(axis=1),
        "zero_crossing_rate_std": crossings.std(axis=1),
        "tempo": tempo,
        "rms_mean": rms.mean(axis=1),
        "rms_std": rms.std(axis=1),
        "tonnetz_mean": tonnetz.mean(axis=1),
        "tonnetz_std": tonnetz.std(axis=1),
        "mel_mean": mel.mean(axis=1),
        "mel_p25": np.percentile(mel, 25, axis=1),
        "mel_median": np.median(mel, axis=1),
        "mel_p75": np.percentile(mel, 75, axis=1),
    }


def has_pulse(y: np.ndarray, tempo: float) -> bool:
    """Whether the onsets a beat apart correlate as those of noise would once in ten thousand songs."""
    onsets = librosa.onset.onset_strength(y=y, sr=RATE, aggregate=np.median)
    if not onsets.std():
        return False
    lag = round(60 / tempo * RATE / 512)
    correlation = np.mean((onsets - onsets.mean())[lag:] * (onsets - onsets.mean())[:-lag]) / onsets.var()
    return bool(correlation * (onsets.size - lag) / onsets.size > 4 / np.sqrt(onsets.size))


ABSOLUTE = {
    "mfcc_delta_mean": 1e-4,
    "mfcc_mean": 1e-3,
    "mfcc_std": 1e-3,
    "spectral_contrast_mean": 0.2,
    "spectral_contrast_std": 0.2,
    "spectral_contrast_median": 0.2,
    "spectral_centroid_std": 0.05,
    "spectral_rolloff_std": 0.2,
    "spectral_bandwidth_std": 0.05,
    "mel_mean": 1e-3,
    "mel_p25": 1e-3,
    "mel_median": 1e-3,
    "mel_p75": 1e-3,
}
"""Absolute tolerance per block, in its unit; 1e-5 for the others. Relative tolerance is 1e-4 for all."""


def differences(embedding: np.ndarray, y: np.ndarray, slices: dict[str, slice]) -> dict[str, str]:
    """Blocks in which an embedding differs from the literal form by more than the tolerance."""
    told = {}
    for name, expected in literal_blocks(y).items():
        got = embedding[slices[name]]
        allowed = 1e-4 * np.abs(expected) + ABSOLUTE.get(name, 1e-5)
        error = np.abs(got - expected)
        if not np.all(error <= allowed):
            told[name] = f"off by {error.max():.2e}, {(error / allowed).max():.1f} times what is allowed"
    return told
