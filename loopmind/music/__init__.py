"""What music is: keys, beliefs, loops, briefs, palettes, songs, mixes. Values only.

No files and no audio processing live here; every other room may import it.
"""
