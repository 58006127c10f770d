"""The settings of each environment: values, sources, and what is missing or wrong."""
