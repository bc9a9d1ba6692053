"""Celery on Redis: the configuration both sides share, and the dispatcher that sends chords."""
