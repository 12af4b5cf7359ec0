"""Tests of msp.core.mail."""
