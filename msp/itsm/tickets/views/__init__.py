"""Views of the queue that agents keep: a query under a name, for oneself, a team or everybody."""
