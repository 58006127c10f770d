"""Applies, undoes and writes migrations, on Alembic."""
