"""What is promised, and which hours count."""
