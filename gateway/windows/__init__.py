"""Does this sighting change anything, and what does it mean for the ticket? Pure rules."""
