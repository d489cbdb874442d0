"""Ranking quality on collections with known judgements: `peerscope evaluate search | similar | experts | identity`.

A collection is indexed under a temporary prefix and queried through the API, so that the measurements are of what a
client gets.
"""
