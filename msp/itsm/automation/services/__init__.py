"""Writing rules, and letting them act."""
