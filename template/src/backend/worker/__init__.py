"""The worker: background jobs, which the other services add to the database."""
