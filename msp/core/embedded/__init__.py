"""PostgreSQL and Redis out of the Python environment, and the supervisor of `msp up`; knows nothing of the rest."""
