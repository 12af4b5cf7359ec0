"""Editing definitions in plain forms: what is typed becomes content and back, and what it would do is shown beside it."""
