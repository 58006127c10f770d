"""Runs the whole application for development: servers, migrations, services, each ready before the next."""
