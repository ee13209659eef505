"""Attacks on shared releases, each of which has to succeed against a deliberately naive build."""
