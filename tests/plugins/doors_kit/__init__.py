"""What the tests of doors share: a page behind one, and a session of a whole Zoe with one."""
