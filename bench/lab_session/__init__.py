"""The laboratory session: a class clicks at once, and each waits for a notebook of their own."""
