"""The gateway: the public entry point, which forwards requests to the services."""
