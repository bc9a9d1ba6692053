"""The model half of an agent: recall first, then proof. Nothing a model says reaches a person unchecked."""
