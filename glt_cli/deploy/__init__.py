"""What is done with a finished ticket."""
