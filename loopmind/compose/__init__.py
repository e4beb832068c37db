"""How a song is made: prompt to brief, selection and fit, arrangement, mix decisions."""
