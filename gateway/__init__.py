"""The alert gateway: start reading in gateway/intake/pipeline.py."""

__version__ = "0.1.0"
