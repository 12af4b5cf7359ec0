"""Custom fields: what a client wants to know of its tickets beside what every ticket has."""
