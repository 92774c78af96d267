"""Who may do what: permissions, roles, and the principal who asks."""
