"""Passwords, access tokens and live sessions."""
