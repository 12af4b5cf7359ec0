"""One question after a ticket is resolved: how was it?"""
