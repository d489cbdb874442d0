"""Builds and writes documents: works, researchers, topics and institutions."""
