"""Builds the project's images, compares their sizes, checks what is in them, and scans them."""
