"""IN: source files become Work records, researchers, embeddings, and documents in OpenSearch."""
