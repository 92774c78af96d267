"""The journal on disk: segment files in locked slots, one writing thread, group commit."""
