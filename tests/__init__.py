"""The toolkit's own tests."""
