"""The clients' branded portals."""
