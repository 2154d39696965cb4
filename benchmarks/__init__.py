"""Measurements that print ratios from one run; start one with ``python -m benchmarks.NAME``."""
