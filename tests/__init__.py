"""Tests: they mirror the tree; `architecture` holds the ones about the whole."""
