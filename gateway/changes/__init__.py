"""What every change has: a noun as it now is, its history, its events; and the one door."""
