"""Writes: opening, conversation, moves, triage, files, followers, re-filing."""
