"""Shows what this machine has and lacks for the sessions, and the command that gets it."""
