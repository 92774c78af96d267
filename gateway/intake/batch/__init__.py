"""One batch: records worked out to news and repeats, and what becomes of those that cannot be."""
