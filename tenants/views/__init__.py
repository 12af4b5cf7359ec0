"""Pages of sign-in and of one's own account, on both surfaces."""
