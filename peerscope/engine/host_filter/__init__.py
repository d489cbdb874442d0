"""Module of the embedded OpenSearch that refuses requests of web pages; its source is in this folder."""
