"""A service platform for managed service providers."""
