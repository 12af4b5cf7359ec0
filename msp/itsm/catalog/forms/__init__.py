"""Request forms: one JSON definition, checked on the server, helped along in the browser, edited in a builder."""
