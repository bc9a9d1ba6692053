"""The HTTP API, its live streams and its page: a thin layer over `codereview.application.review_service`."""
