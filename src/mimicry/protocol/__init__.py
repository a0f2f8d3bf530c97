"""Protocol files: YAML to a checked protocol."""
