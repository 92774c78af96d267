"""What becomes of tickets, whoever moves them: alerts, people, time, or other tickets."""
