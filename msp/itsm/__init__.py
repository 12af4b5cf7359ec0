"""IT service management: tickets and what stands around them."""
