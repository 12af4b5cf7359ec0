"""Announcements: what all clients, or some of them, are told on their portal, and when."""
