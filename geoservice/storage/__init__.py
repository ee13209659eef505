"""All SQL and files. Nothing above `storage/` knows which database this is; only `operations/` imports it."""
