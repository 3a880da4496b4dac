"""Pruning taken apart: scores, exact selection, schedules, exchange. Pure functions."""
