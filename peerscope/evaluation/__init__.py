"""Ranking quality on collections whose judgements are known: `peerscope evaluate search | similar | experts DIR`.

A collection is indexed by the indexer into indices of its own and asked through the API itself, so that what is
measured is what a caller gets.
"""
