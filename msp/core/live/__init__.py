"""Live updates: messages of ids and versions only; the page fetches what it may see."""
