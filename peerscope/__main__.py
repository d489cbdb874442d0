"""Run the command line as `python -m peerscope`."""

from peerscope.cli import main

main(prog_name="peerscope")
