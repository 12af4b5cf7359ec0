"""The clients' portal: pages and their templates."""
