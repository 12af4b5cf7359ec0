"""The languages that a client can read in, by their code."""

LANGUAGES = {"en": "English", "de": "German", "fr": "French", "nl": "Dutch", "pt": "Portuguese", "es": "Spanish"}
