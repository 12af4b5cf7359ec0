"""Service levels: versioned definitions, running clocks, escalation, and the engine that reads them."""
