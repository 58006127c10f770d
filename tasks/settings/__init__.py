"""Shows what an environment's settings are, where each comes from, and what is missing or wrong."""
