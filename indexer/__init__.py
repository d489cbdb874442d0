"""The indexer: reads sources, identifies authors, and writes documents to OpenSearch."""
