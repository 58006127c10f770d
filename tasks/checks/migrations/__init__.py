"""Checks migrations on a real PostgreSQL."""
