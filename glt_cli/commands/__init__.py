"""Sub-commands of `glt`: one short module each, and the parser, without slow imports."""
