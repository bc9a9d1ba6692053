"""How a review is written down: one format per module, each a pure function of the review."""
