"""Publishes images and tests deployed environments."""
