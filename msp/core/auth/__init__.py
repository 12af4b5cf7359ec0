"""Building blocks of sign-in: passwords, tokens, second factor, throttling. No table, no request."""
