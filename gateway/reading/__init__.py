"""What adapters share: bytes to sightings."""
