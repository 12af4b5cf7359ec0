"""The SLA thread: how a clock has run, drawn as beads on a thread."""
