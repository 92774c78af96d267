"""Questions about speed, each a file that answers one."""
