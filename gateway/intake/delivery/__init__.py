"""One delivery: what its body holds, by which source, and what of it can be in no alert."""
