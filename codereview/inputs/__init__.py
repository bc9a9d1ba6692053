"""How code gets in: each reader gives `Sources`, and says what it left out and why."""
