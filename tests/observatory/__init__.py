"""Campaign of the observatory: planted truths, fixed in plan.toml before any estimate is looked at, and what is found of them."""
