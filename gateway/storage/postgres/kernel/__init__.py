"""Connections, transactions, tables and migrations."""
