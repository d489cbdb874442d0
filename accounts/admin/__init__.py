"""What administrators do: decide on claims, and read the audit log."""
