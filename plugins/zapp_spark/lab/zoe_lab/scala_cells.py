"""Where a cell of Scala is cut: Spark cannot make instances of a class within the line that defines it.

In spark-shell every line stands for itself. A cell is one piece, unless it defines classes: then these come first to
the interpreter, and what follows them after that.
"""

import re
from itertools import pairwise

DEFINES = re.compile(
    r"(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:private|protected|sealed|abstract|final|implicit|lazy|case)\s+)*(?:class|trait|object)\s"
)
GOES_ON = re.compile(r"[.)\]}|,]|(?:extends|with|else|catch|finally|yield|match)\b|//|/\*|\*")
SKIPPED = re.compile(r'"""(?:.|\n)*?"""+|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\\\'\n])\'|//[^\n]*|/\*(?:.|\n)*?\*/')


def chunks(code: str) -> list[str]:
    """Cut a cell into what is interpreted one after the other; each piece has its lines where the cell has them."""
    lines = code.split("\n")
    cuts = [0, *_cuts(lines, _depths(code)), len(lines)]
    pieces = ["\n" * begin + "\n".join(lines[begin:end]) for begin, end in pairwise(cuts)]
    return [piece for piece in pieces if piece.strip()]


def _cuts(lines: list[str], depths: list[int]) -> list[int]:
    """Return the lines before which is cut: where definitions of classes begin, and where they have ended."""
    cuts, defining = [], False
    for number, line in enumerate(lines):
        if depths[number] or not line.strip() or line[0].isspace() or GOES_ON.match(line):
            continue
        defines = bool(DEFINES.match(line))
        if number and defines != defining:
            cuts.append(number)
        defining = defines
    return cuts


def _depths(code: str) -> list[int]:
    """Return how deep in brackets each line begins; what strings and comments hold does not count."""
    plain = SKIPPED.sub(lambda found: "_" + re.sub(r"[^\n]", "_", found[0])[1:], code)
    depth, depths = 0, []
    for line in plain.split("\n"):
        depths.append(depth)
        depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
    return depths
