"""Arithmetic on arrays: no session, request, clock, environment or hidden randomness."""
