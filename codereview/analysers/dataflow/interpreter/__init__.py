"""The abstract interpreter: runs every function of a batch on what is known of its values, and watches for rules."""
