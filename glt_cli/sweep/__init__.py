"""Many runs: launching, progress, plans and summaries."""
