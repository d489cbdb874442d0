"""Overview of the index: totals, largest topics, most prolific researchers, suggested queries."""
