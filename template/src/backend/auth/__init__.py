"""The auth service: users, passwords, tokens and sessions."""
