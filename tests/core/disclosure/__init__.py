"""Shared releases: what their pure part promises."""
