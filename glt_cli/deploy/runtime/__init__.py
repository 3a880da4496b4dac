"""Exported models: they run with torch and safetensors alone."""
