"""The database that the services share."""
