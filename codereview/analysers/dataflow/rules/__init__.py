"""The declarative tables: what is a source, a propagator, a sanitiser, a guard, a sink, a misuse, in each language."""
