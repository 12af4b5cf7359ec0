"""Writes: subjects and facts, clocks, definitions, escalation."""
