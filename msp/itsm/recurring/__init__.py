"""Tickets that open themselves again and again, by the days of their client's calendar."""
