"""Which steps people may take."""
