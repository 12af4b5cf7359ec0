"""Stored files: where they lie, what they are, and what is done before anybody sees them."""
