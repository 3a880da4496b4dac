"""What a ticket saves."""
