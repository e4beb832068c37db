"""How the light separator is made: data, network, training, judging, peers."""
