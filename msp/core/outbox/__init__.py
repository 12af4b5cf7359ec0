"""Work for later: rows of the same transaction, pushed to RQ by id after the commit, done exactly once."""
