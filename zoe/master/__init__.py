"""The master: the only caller of backends, and the only one who moves executions."""
