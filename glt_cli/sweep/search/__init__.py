"""`glt search`: the extreme sparsity at which a ticket still wins, by bisection over a ladder."""
