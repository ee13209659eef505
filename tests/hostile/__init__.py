"""Hostile files: made by a seeded generator, imported by the real command, survived and named."""
