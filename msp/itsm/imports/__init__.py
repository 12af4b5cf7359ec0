"""Bringing the past of other tools in."""
