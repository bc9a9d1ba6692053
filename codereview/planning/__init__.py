"""How a review is cut into units of work, and what the code itself says about findings."""
