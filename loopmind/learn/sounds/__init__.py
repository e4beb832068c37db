"""Sounds whose truth is known: recordings with labels, rendered soundfonts, synthesis, pieces."""
