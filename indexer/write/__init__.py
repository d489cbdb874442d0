"""Reads from and writes to OpenSearch during an indexing run, and the lock of its one writer."""
