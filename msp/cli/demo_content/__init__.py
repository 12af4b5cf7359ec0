"""The demonstration's story: a provider, three clients, their people and a fortnight of tickets."""
