"""The review queue, notes and decisions."""
