"""The journal on disk: SQLite segments in locked slots, one writing thread, group commit."""
