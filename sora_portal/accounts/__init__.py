"""People: who signs in, what they may do."""
