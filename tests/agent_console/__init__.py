"""The console, through HTTP."""
