"""The way of an alert. Start reading in pipeline.py."""
