"""Reviewed SECURITY DEFINER functions, as migrations create them."""
