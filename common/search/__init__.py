"""Which songs sound alike, and why."""
