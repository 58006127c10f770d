"""Projects and their members: the example of a domain service."""
