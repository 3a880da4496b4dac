"""Masks, scores, selection, schedules, exchange, retraining, and the methods that use them."""
