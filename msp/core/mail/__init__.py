"""Outbound mail: what a message is, how it looks, how it leaves."""
