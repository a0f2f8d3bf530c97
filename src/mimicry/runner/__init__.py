"""The local browser experiment (loopback only)."""
