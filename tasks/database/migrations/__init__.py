"""Applies and generates migrations with Alembic."""
