"""`python -m zoe` is the command `zoe`."""

from zoe.cli.main import main

main()
