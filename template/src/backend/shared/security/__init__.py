"""Passwords, access tokens, active sessions, and checks for weak credentials."""
