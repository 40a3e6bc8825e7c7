"""Commands to miners: one file a dialect, each a table of what cannot be done and a function that does the rest."""
