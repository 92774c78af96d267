"""What every change leaves behind: an append-only history, chained by hash."""
