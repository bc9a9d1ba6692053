"""What is known of a batch: scopes, classes, signatures, values, and which code runs."""
