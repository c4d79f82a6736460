"""What the README's figures come from: `python -m bench.NAME` prints the machine and a table."""
