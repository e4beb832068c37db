"""How the drum transcriber is made: data, network, training, judging."""
