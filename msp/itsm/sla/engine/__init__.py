"""The SLA engine: facts and definitions in, a reading and its explanation out. Pure, standard library only."""
