"""What time brings about, in PostgreSQL: one small store a duty. What it means is in `upkeep`."""
