"""Stage 1: a worker's task, the one loop, the store of finished songs, threads or a cluster."""
