"""Scans the project for vulnerabilities: code, secrets, dependencies, licenses, containers and workflows."""
