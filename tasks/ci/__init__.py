"""Runs here what CI runs, and judges how CI's jobs ended."""
