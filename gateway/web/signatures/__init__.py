"""Senders that sign: admitted by what they send."""
