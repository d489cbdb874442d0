"""The HTTP API and the web pages, answered from OpenSearch."""
