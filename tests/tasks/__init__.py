"""Tests of the sessions and of what they call."""
