"""What binds a ticket: to other tickets, to the world, to people who watch it. Pure rules."""
