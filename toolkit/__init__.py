"""What only the toolkit's own sessions use; no generated project has it."""
