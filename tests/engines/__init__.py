"""Real engines to test against: one Docker Engine, and a Swarm of three nodes in network namespaces of this machine."""
