"""Environments for editors: `.venv` and the devcontainer."""
