"""Keeps logic out of the workflows, and what CI runs equal to what a developer runs."""
