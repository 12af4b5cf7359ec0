"""The look of console and portal: static files, templates, words and colours. No request plumbing."""
