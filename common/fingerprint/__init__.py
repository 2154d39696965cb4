"""Compact sequences by which a recording is recognised: what sounds when, not how it sounds on the whole."""
