"""The whole portal against the sandbox vendors, one scenario after the other."""
