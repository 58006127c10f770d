"""Works in the project's devcontainer without an editor."""
