"""Scans the project for what attackers look for: code, secrets, dependencies, containers, workflows."""
