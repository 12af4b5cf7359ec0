"""Tasks of a ticket: what is to be done for it, by whom, in which order, until when."""
