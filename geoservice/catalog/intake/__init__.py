"""Validation: from batches of a file to rows of the database, with a reject or a note for all that is odd."""
