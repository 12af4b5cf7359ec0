"""The service catalogue: what a client's people may order, at which price, and the forms that ask what an order needs."""
