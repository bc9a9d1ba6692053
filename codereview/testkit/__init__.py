"""Stand-ins for what codereview talks to, for tests of this project and of those who build on it."""
