"""Sora Portal: a dashboard for teams that generate video through resellers."""
