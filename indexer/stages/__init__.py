"""Stages of indexing: pure functions from partition files to partition files, which any executor runs."""
