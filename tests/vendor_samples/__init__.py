"""The vendors' own sample clients, as their pages show them, and the tests that run them against the sandbox."""
