"""Checks this machine and this copy of the project, and names the command that fixes what is missing."""
