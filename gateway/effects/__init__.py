"""What follows for alerts, windows and tickets, whoever moves them; rules only, no I/O."""
