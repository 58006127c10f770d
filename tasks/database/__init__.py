"""The development database: psql, dump, restore, reset, seed, and its migrations."""
