"""What a rule is and what it may do: pure, the standard library only."""
