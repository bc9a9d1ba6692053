"""Static analysers: adapters of external tools, and our own. `codereview.analysers.registry` has the table of them."""
