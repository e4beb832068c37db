"""What a sound tells: tempo, key, onsets, loudness, instrument, mood, embedding."""
