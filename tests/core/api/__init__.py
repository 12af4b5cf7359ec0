"""Tests of the API's plumbing."""
