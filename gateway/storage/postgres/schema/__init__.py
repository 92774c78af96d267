"""The schema: migrations applied in order, and the installation that they make."""
