"""Shared releases: counts of several organisations leave as frozen files, with noise, masks and an audit beforehand."""
