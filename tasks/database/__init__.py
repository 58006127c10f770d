"""The development database: psql, dump, restore, reset, and its migrations."""
