"""Stages that find out who the authors of all works are, from files of works to the researcher id of each author.

`works -> mentions -> counts -> blocks -> bridges -> people -> ids`. Each task holds one part of the collection in
memory: the mentions of some blocks, with the counts that these need.
"""
