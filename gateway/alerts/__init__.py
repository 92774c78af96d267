"""The vocabulary: what a sighting, a strand and an alert are, and how labels name them."""
