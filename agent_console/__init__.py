"""The agents' shared console."""
