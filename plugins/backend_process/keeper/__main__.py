"""`python -I -S .../keeper DIRECTORY KEY LOG_MAX_BYTES`: become the keeper of a directory, in the background."""

import sys
from importlib import import_module
from pathlib import Path

# At the end: nothing in the directory of the plugin may hide a module of the standard library.
sys.path.append(str(Path(__file__).resolve().parent.parent))
sys.exit(import_module("keeper.main").main(sys.argv[1:]))
