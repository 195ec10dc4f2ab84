"""Write leaderboards' own files from one of our runs, or refuse and say which rule is not met."""
