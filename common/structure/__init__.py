"""Readings of a song in time: tempo and beat grid, loudness, sections, cue points."""
