"""Runbooks: programs elsewhere that do a task, called by a signed message, which say in the end how it went."""
