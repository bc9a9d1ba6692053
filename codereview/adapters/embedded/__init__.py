"""Everything on one machine: a private Redis, the workers and the API as child processes."""
