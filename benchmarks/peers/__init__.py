"""Comparison of Peerscope with txtai and LanceDB in hybrid search, with the same texts and model.

pip install --group peers   # txtai and lancedb
python -m benchmarks.peers
"""
