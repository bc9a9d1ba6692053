"""A local AWS for the tests of the functions."""

from support.store_fixtures import ministack

__all__ = ["ministack"]
