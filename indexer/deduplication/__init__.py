"""Which records describe one work, and the work that they describe together.

Records with a common id are one work unless both title and authors contradict. A preprint joins its published version.
All functions are pure and depend on the set of records only, so that order and number of runs do not matter.
"""
