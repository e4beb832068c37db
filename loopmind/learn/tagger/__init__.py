"""How the sound encoder and tagger are made: data, network, training, judging, words."""
