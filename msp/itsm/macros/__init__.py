"""Canned replies: texts with variables that an agent puts into the composer."""
