"""The live state of reviews in Redis: keys, client, scripts, and the adapters of the live-state ports."""
