"""The comparison table: `glt table`, the end of a grid, the tables of reports and searches."""
