"""Publishes images."""
