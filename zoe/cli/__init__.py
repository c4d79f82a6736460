"""The command line: `zoe serve`, the client's commands, and the demonstration."""
