"""Peerscope beside txtai and LanceDB, both hybrid: same texts, same model, one run.

pip install --group peers   # txtai and lancedb, which nothing else needs
python -m benchmarks.peers
"""
