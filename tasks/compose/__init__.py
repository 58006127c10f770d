"""Runs the whole application in containers: builds, starts and follows it with Compose."""
