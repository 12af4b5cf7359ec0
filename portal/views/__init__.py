"""One module a place of the portal, each with its blueprint."""
