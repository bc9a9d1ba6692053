"""Readers: from the text of a file to a tree in which everything knows its line."""
