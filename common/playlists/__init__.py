"""Orders of songs in which every step is a good transition, and their files."""
