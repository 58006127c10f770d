"""What every service is built from; imports no service."""
