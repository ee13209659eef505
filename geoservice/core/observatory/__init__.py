"""Arithmetic of the observatory: one subject a module, pure functions on arrays."""
