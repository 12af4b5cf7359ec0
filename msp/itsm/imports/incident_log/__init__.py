"""The public *Incident management process enriched event log*, replayed through the services at its own instants."""
