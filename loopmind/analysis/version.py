"""The version of hearing, apart from hearing itself: libraries ask for it without loading that."""

ANALYSIS_VERSION = 9
"""Rises whenever hearing changes, so that libraries hear their files again."""
