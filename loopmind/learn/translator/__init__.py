"""The translator: a small network that says in plain commands what a sentence asks for."""
