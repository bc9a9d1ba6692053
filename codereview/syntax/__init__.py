"""What the code under review looks like: its language and its declarations, by tree-sitter; never by importing it."""
