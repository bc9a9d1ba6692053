"""Our own rules for defects in Python."""
