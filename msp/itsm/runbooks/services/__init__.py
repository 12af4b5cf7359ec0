"""Writing runbooks, and running them."""
