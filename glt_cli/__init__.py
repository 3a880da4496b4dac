"""glt: find, retrain, measure and save graph lottery tickets."""

__version__ = "0.1.0"
