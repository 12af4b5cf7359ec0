"""Writes of the catalogue, by subject: templates, items and their categories, what one keeps for oneself, orders."""
