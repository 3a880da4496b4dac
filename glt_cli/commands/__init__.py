"""Sub-commands of `glt`: one short module each, and the parser. Nothing heavy is imported."""
