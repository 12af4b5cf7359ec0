"""Repeated requests: the first answer under an `Idempotency-Key` is given again, and nothing is done twice."""
