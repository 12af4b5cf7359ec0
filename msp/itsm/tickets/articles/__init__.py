"""Articles beside tickets: which fit, which were used, and what becomes an article."""
