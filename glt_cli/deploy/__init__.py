"""Finding tickets from Python; verifying, using and converting finished ones."""
