"""The keeper: the parent of all services of one data directory. It outlives Zoe, so that nothing it learns is lost.

It runs with the standard library alone, outside Zoe's package (hence the relative imports), to be small and to start
fast. One thread, one event loop: nothing in here may block.
"""
