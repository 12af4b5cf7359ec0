"""Approvals: who is asked in which order, what they answered, and what that makes of it. What is approved is not known here."""
