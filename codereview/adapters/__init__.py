"""The implementations of the ports: one outside thing per module, and the only importers of its package."""
