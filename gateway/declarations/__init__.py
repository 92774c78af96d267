"""What is declared: workflows, policies, calendars, fields …, each in versions."""
