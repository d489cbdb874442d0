"""OUT: the HTTP API and the web pages, answered from OpenSearch."""

from search_api.app import create_app

__all__ = ["create_app"]
