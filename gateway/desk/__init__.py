"""What people do: a file for each thing that they work on. A command decides on loaded rows."""
