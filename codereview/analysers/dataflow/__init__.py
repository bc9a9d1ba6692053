"""Data-flow analysis of our own: grammars → one intermediate form → one abstract interpreter → rule tables."""
