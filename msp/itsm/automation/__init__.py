"""Rules: what happens to tickets by itself, when, and why it did or did not."""
