"""Code shared by all services; imports no service."""
