"""The database, which the services share: engine, models and migrations."""
