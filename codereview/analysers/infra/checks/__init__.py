"""Checks that take more than looking at a value."""
