"""The bundled scheduling policies, each in a file named after what it does."""
