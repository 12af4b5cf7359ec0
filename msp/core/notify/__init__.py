"""Notifications in the console: what an agent should know, kept until it is read."""
