"""Reference matching: what separates a mix from other records, in decibels."""
