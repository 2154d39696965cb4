"""Stage 3: the genre classifier, how well it does, and why it says what it says."""
