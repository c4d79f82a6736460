"""JupyterLab on a Spark cluster of one's own: the server as Zoe starts it, and its kernels for Python and Scala."""
