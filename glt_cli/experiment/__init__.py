"""One run: dense, find, rewind, retrain, measure; and the files that it writes."""
