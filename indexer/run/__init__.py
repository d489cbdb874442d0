"""An indexing run, its progress, and the commands `index`, `runs` and `rollback`."""
