"""How the model of what belongs together is made: data, training, judging."""
