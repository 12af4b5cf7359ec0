"""`python -m msp.cli` is `msp`, also where the command is not installed."""

from msp.cli.main import main

main()
