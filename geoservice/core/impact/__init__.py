"""Whether an action can be seen to work, and whether it did: pure functions on counts."""
