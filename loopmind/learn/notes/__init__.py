"""How the note transcriber is made: data, network, training, judging."""
