"""Virtual time around the scheduler: workloads in, the same `plan()` that the master calls, measures out."""
