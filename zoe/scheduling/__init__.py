"""The scheduler: pure functions from a snapshot to a plan. No clock, no network, no database."""
