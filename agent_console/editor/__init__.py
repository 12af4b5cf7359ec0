"""Editing definitions in plain forms: what is typed becomes content, content becomes what is typed, and what it would do."""
