"""The ticket core: tickets, their workflow, and changes as values. Pure rules."""
