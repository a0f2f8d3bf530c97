"""People together: synchrony and association of two or more recordings, with their chance."""
