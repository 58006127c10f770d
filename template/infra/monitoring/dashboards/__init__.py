"""The dashboards of Grafana, a module each; `nox -s monitoring -- --fix` writes their JSON."""
