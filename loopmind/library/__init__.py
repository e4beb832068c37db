"""What is remembered: scanning, the SQLite store, similarity search, the user's corrections."""
