"""One run: dense, find, rewind, retrain, measure; and what it leaves on disk."""
