"""People and tokens of a transaction: where they lie, how they are loaded and saved."""
