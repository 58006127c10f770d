"""Monitoring in `infra/monitoring`: alerts from service level objectives, dashboards, and their checks."""
