"""The client's directory: its configuration, and what it leaves there."""

import os
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from zapp_boinc.task.order import Order

STATE_FILES = ("client_state.xml", "client_state_prev.xml")
PASSWORD_FILE = "gui_rpc_auth.cfg"  # noqa: S105 - a file's name

OVERHEAD = 64 * 1024**2
"""Bytes of the reservation that the client and this program need."""

_CONFIG = """<cc_config>
<log_flags>
<task>1</task>
<file_xfer>1</file_xfer>
<sched_ops>1</sched_ops>
<sched_op_debug>1</sched_op_debug>
</log_flags>
<options>
<ncpus>{cores}</ncpus>
<no_gpus>1</no_gpus>
<fetch_minimal_work>1</fetch_minimal_work>
<report_results_immediately>1</report_results_immediately>
<allow_multiple_clients>1</allow_multiple_clients>
<skip_cpu_benchmarks>1</skip_cpu_benchmarks>
<no_info_fetch>1</no_info_fetch>
<dont_contact_ref_site>1</dont_contact_ref_site>
<no_priority_change>1</no_priority_change>{more}
</options>
</cc_config>
"""
# The client looks at the whole host, and would stop as soon as others use it.
_PREFERENCES = """<global_preferences>
<run_if_user_active>1</run_if_user_active>
<run_on_batteries>1</run_on_batteries>
<suspend_cpu_usage>0</suspend_cpu_usage>
<suspend_if_no_recent_input>0</suspend_if_no_recent_input>
<start_hour>0</start_hour>
<end_hour>0</end_hour>
<net_start_hour>0</net_start_hour>
<net_end_hour>0</net_end_hour>
<max_ncpus_pct>100</max_ncpus_pct>
<cpu_usage_limit>100</cpu_usage_limit>
<ram_max_used_busy_pct>{memory}</ram_max_used_busy_pct>
<ram_max_used_idle_pct>{memory}</ram_max_used_idle_pct>
<vm_max_used_pct>100</vm_max_used_pct>
<disk_max_used_gb>0</disk_max_used_gb>
<disk_max_used_pct>100</disk_max_used_pct>
<disk_min_free_gb>0</disk_min_free_gb>
<leave_apps_in_memory>1</leave_apps_in_memory>
</global_preferences>
"""
_ACCOUNT = """<account>
<master_url>{url}</master_url>
<authenticator>{key}</authenticator>
</account>
"""
_NO_MORE = "<dont_request_more_work/>\n"


def enter(order: Order) -> Path:
    """Make the directory ready, or find the one of a task that was kept; make it our working directory.

    Its name is never that of another's: the project knows a host by network address and directory, and two hosts
    that look like one would get each other's tasks.
    """
    base = order.keep or order.data
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = sorted(base.glob("host-*")) if order.keep else []
    directory = (kept[0] if kept else base / f"host-{secrets.token_hex(8)}").absolute()
    directory.mkdir(mode=0o700, exist_ok=True)
    # The path of a Unix socket holds about a hundred bytes: the client is spoken to by a relative one.
    os.chdir(directory)
    try:
        _configure(order)
    except OSError:
        if not kept:
            leave(directory)
        raise
    return directory


def leave(directory: Path) -> None:
    """Remove the directory with all that is in it: the account's key for one."""
    os.chdir(directory.parent)
    shutil.rmtree(directory, ignore_errors=True)


def leave_no_trace(keep: Path) -> None:
    """Remove the place where a task would have been kept, and what was made for it, if nothing else is there."""
    os.chdir("/")
    with suppress(OSError):
        keep.rmdir()
        keep.parent.rmdir()


def has_task() -> bool:
    """Tell whether the client's state holds a task that is not done with."""
    return any("<result>\n" in _text(name) for name in STATE_FILES[:1])


def permit_work() -> None:
    """Have the next client ask for a task only if it has none: it would fetch a second otherwise.

    One that was ended before it had any has written down that it is to ask for none.
    """
    wanted = f"    {_NO_MORE}</project>\n" if has_task() else "</project>\n"
    for name in STATE_FILES:
        if text := _text(name):
            _write(name, re.sub(rf" *{_NO_MORE}", "", text).replace("</project>\n", wanted, 1))


def last_reply() -> str:
    """Return what the scheduler said last."""
    return "".join(_text(path.name) for path in Path().glob("sched_reply_*.xml"))


def _configure(order: Order) -> None:
    _configure_client(order, "")
    _write("global_prefs_override.xml", _PREFERENCES.format(memory=_percent_of_memory(order.memory)))
    # Not on the command line, where everybody could read the key.
    _write("account_project.xml", _ACCOUNT.format(url=order.url, key=order.key))
    _write(PASSWORD_FILE, secrets.token_hex(16))


def _configure_client(order: Order, more: str) -> None:
    _write("cc_config.xml", _CONFIG.format(cores=max(1, int(order.cores)), more=more))


def keep_task(order: Order) -> None:
    """Have the client keep its task when it ends, from when it reads its configuration again: it was told otherwise."""
    _configure_client(order, "\n<abort_jobs_on_exit>0</abort_jobs_on_exit>")


def _percent_of_memory(reserved: int) -> float:
    """Return the task's part of the host's memory, in percent: the client takes that of the host for its own."""
    found = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
    total = int(found[1]) * 1024 if found else 0
    ours = max(reserved - OVERHEAD, reserved // 2)
    return round(min(95.0, 100.0 * ours / total), 4) if reserved and total else 95.0


def _text(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return ""


def _write(name: str, text: str) -> None:
    """Replace a file in one step; nobody else may read it."""
    new = Path(name + ".new")
    with open(new, "w", encoding="utf-8", errors="surrogateescape", opener=_private) as file:
        file.write(text)
    new.replace(name)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
