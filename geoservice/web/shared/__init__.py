"""The shared surface: released counts for shared eyes. Nothing here asks the database of facts or an index."""
