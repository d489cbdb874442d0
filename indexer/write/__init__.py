"""Writes to and complete reads from OpenSearch during a run, and the writer's lock."""
