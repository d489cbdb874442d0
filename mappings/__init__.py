"""WHAT IS STORED: index mappings, analyzers and search pipelines, their names and versions."""
