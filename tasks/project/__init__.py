"""What a project consists of: services, env file, secrets, locks, data folder."""
