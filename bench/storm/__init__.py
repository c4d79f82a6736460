"""The storm: thousands of executions submitted at once, and books that have to agree afterwards."""
