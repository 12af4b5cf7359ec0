"""Numbered, reversible changes of the schema, run by `msp db upgrade` as the owner."""
