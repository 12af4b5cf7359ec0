"""Tickets: incidents and requests in one model, their conversation, files and timeline."""
