"""Tests of msp.core.auth."""
