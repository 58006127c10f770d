"""The projects service: projects and their members, an example of a domain service."""
