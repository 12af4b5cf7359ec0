"""Clients and people: tenants, hosts, sites, contacts, agents, teams, and the way from a request to a scope."""
