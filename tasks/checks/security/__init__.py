"""Scans the project for vulnerabilities: code, secrets, dependencies, licences, containers and workflows."""
