"""`python -m bench.storm --size queue|process|docker|boinc [--kills 5]`.

Thousands of executions of one small service are submitted by 32 clients at once and run 16 at a time; with `--kills`
the service is killed (SIGKILL) and started again at equal steps of the way. The clients live in four processes and
submit again after an outage only what is not there under its name.

- `lost`: submissions without an execution that ended well under its name and ran, by the books of those who ran it.
- `doubled`: names with two executions, and executions that ran twice.
- `submit_p99_ms`: what a submission took (those that an outage interrupted left out); `api_p99_ms`: `GET /info`, asked
  every 20 ms by somebody else throughout (five times a second beside an engine, from which it takes the machine).
- `rate_per_s`: executions over the time from the first submission to the last end.
- `raw_rate_per_s`, `ratio_to_raw`: the same work by a bare pooled client, before (and for docker also after) the storm.
  On Docker that client makes the very containers that Zoe makes, on a network of a user's kind.
- `plain_rate_per_s` (docker): bare containers on the bridge that all share, where nobody finds another by name: what
  a network of one's own costs the engine.
- `rss_mb`: the most memory of the serving process.
"""

from argparse import ArgumentParser, Namespace

from bench.report import Figure, main
from bench.storm.sizes import SIZES, Size


def options(parser: ArgumentParser) -> None:
    """Say which storm."""
    parser.add_argument("--size", choices=SIZES, default="queue")
    parser.add_argument("--executions", type=int, help="10000, 2000, 500 or 200, as the size is")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--kills", type=int, default=0)


def measure(arguments: Namespace) -> dict[str, Figure]:
    """Let it rage."""
    rage, usual = SIZES[arguments.size]
    return rage(Size(arguments.executions or usual, arguments.clients, arguments.kills))


if __name__ == "__main__":
    main("storm", "thousands submitted at once: none lost, none twice", measure, options)
