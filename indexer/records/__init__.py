"""The work record that every source produces, and what follows from it alone."""
