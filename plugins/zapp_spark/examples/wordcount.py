"""Count the words of every .py file below a directory: by default the standard library of the Python that runs this.

    spark-submit wordcount.py [DIRECTORY [PARTITIONS]]

Prints one line for each of the ten most frequent words, `wordcount: WORD COUNT`, and last
`wordcount-summary: FILES files, WORDS words, DISTINCT distinct words, SECONDS s`. Every worker must see the directory.
"""

import re
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterable
from operator import add
from pathlib import Path

from pyspark import SparkContext

WORD = re.compile(r"[^\W\d_]\w*")
INSTALLED = {"site-packages", "dist-packages"}
PARTITIONS = 16
"""Enough that the work spreads evenly over a handful of cores, that a worker which comes late still finds some to do,
and that progress moves in small steps; few enough that starting tasks (up to 0.1 s each) does not outweigh the work."""


def files_below(directory: Path) -> list[str]:
    """Return the .py files of a library, without the packages that were installed into it."""
    return sorted(
        str(path)
        for path in directory.rglob("*.py")
        if path.is_file() and not INSTALLED & {*path.parts[len(directory.parts) :]}
    )


def words_of(paths: Iterable[str]) -> Iterable[tuple[str, int]]:
    """Count the words of some files, lower-cased: what travels is one pair for each word, not one for each time."""
    counts: Counter[str] = Counter()
    for path in paths:
        counts.update(WORD.findall(Path(path).read_text(encoding="utf-8", errors="replace").lower()))
    return counts.items()


def main(directory: str, partitions: int) -> None:
    """Count in stages: words by partition, words in all, the top ten by a sort."""
    started = time.monotonic()
    spark = SparkContext(appName="wordcount")  # not a SparkSession: SQL is not needed, and takes seconds to start
    files = files_below(Path(directory))
    if not files:
        sys.exit(f"There is no .py file below {directory}.")
    counts = spark.parallelize(files, partitions).mapPartitions(words_of).reduceByKey(add).cache()
    total = counts.values().sum()
    top = counts.sortBy(lambda pair: (-pair[1], pair[0])).take(10)
    distinct = counts.count()
    for word, count in top:
        print(f"wordcount: {word} {count}")  # noqa: T201 - the result
    seconds = time.monotonic() - started
    print(f"wordcount-summary: {len(files)} files, {total} words, {distinct} distinct words, {seconds:.1f} s")  # noqa: T201
    spark.stop()


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(
        arguments[0] if arguments else sysconfig.get_path("stdlib"),
        int(arguments[1]) if len(arguments) > 1 else PARTITIONS,
    )
