"""The bundled authenticators, each in a file named after where passwords are checked."""
