"""Array maths: arrays in, arrays out; no files, no settings, no records."""
