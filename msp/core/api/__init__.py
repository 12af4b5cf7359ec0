"""Plumbing of the JSON API: routes, reading of bodies, versions, repeated requests, limits and the description."""
