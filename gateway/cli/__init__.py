"""What the program does for people at a terminal, one file a command."""
