"""Measurements of the engine: `make bench` writes `results.md`."""
