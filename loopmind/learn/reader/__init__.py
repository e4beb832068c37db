"""How the assistant's second reader is made: sentences by grammar, and weights."""
