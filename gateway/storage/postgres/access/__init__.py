"""Who is asking: look-ups before a tenant is known, and what every process keeps of senders."""
