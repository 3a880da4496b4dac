"""Runs and published figures side by side: what `glt table` is made of."""
