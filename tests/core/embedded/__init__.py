"""The embedded servers and the supervisor, for real."""
