"""The one training loop, its state, batches, metrics and tasks."""
