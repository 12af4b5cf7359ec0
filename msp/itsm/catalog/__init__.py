"""The service catalogue: what a client may order, and the forms that ask what an order needs."""
