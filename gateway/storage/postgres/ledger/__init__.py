"""The pipeline's batch."""
