"""The frontend in `src/frontend`: its packages, its client of the API, its checks and its development server."""
