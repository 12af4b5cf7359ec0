"""Rules: their definition, their runs on events, time, dry run, pages and API."""
