"""When things run: executor, cache, progress, block programs, offline renderer."""
