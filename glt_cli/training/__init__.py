"""The training loop, its state, batches, metrics and tasks."""
