"""Writes: clients, people of clients, agents and teams."""
