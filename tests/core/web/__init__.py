"""The look: words, colours, assets, templates, and pages in a browser."""
