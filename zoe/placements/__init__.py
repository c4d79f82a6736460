"""The bundled placements, each in a file named after what it does."""
