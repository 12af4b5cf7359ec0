"""The query language of lists, palette, saved views and the API: text in, database conditions out."""
