"""Autocompletion of works, researchers, topics and institutions."""
