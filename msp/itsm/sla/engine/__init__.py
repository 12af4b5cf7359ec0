"""The SLA engine: facts and definitions in, a reading and its explanation out. Standard library only, no clock of its own."""
