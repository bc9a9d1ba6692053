"""Measurements against a baseline taken in the same run: `make bench`. Nothing here is asserted."""
