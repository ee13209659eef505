"""Use cases: they open and close transactions, and are the only importers of storage."""
