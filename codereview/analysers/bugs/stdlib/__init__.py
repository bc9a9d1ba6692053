"""What the rules know of the standard library."""
