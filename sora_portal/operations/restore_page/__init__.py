"""Backups, bringing them back, and the page on which an admin decides what a restored portal is."""
