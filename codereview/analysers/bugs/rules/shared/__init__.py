"""What the rules of one theme have in common, when they fill more than one module."""
