"""The vocabulary of a review: pure data and pure functions, no I/O.

Nothing here imports anything but the standard library and pydantic.
"""
