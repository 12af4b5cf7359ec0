"""The proof of isolation: what an operator can run at any time and hand to a client's auditor."""
