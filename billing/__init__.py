"""Contracts, rates, time and usage: what becomes invoices."""
