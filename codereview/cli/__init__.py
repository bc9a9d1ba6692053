"""The ``codereview`` command."""
