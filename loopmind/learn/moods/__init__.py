"""Learns what sounds are like (dark, warm, punchy ...) from names and from known changes."""
