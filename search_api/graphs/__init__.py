"""Graphs: the works, researchers, topics and institutions connected to an entity."""
