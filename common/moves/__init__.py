"""A producer's moves: what they do to a song's numbers, and to its sound."""
