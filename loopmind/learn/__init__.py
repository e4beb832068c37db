"""How models are made: data sets, training, evaluation, export to models/."""
