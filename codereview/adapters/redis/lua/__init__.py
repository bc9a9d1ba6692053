"""The server-side scripts; `codereview.adapters.redis.scripts` loads and runs them."""
