"""Running the whole house: supervisor, watchdog, demo, health."""
