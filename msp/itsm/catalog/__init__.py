"""The service catalogue: what a client's people may order, from the provider's templates, at which price and under which form."""
