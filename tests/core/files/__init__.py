"""Tests of msp.core.files."""
