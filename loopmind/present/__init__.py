"""A finished song as documents for people and other programs: timeline, page, picture, MIDI."""
