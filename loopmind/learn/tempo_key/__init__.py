"""How the tempo and key models are made: grooves and progressions of known truth, judging."""
