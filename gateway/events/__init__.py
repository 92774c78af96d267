"""What the outside is told: events, and which sink hears of which."""
