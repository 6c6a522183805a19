"""The heart: prompt, attempt at a vendor, settled."""
