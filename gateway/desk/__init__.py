"""What people do: one command a file. A command decides on loaded rows, and does no I/O."""
