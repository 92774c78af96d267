"""Silences: which alerts make no noise, and until when."""
