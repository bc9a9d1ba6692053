"""Secrets written into code and configuration: what stands there, under which name, in what kind of file."""
