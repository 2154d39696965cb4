"""One song's journey from waveform to embedding: its figure, and how unusual it is."""
