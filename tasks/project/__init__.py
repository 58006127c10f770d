"""What a project consists of: services, parts, env file, secrets, locks, data folder."""
