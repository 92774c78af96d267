"""Who is asking, and may they: every request passes here first."""
