"""Encoders: bytes from values. Nothing here knows H3, requests, sessions or SQL."""
