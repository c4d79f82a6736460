"""PySpark scripts to try Zoe with; each is copied into a workspace and stands alone."""
