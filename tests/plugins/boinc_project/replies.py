"""What the scheduler answers: XML a line at a time, as the client reads it."""

from collections.abc import Iterable
from xml.sax.saxutils import escape

from tests.plugins.boinc_project import apps
from tests.plugins.boinc_project.books import Task
from tests.plugins.boinc_project.keys import Key

PROGRAM_FILE = f"{apps.NAME}_1.00_{apps.PLATFORM}"


def input_of(task: Task) -> bytes:
    """Return the numbers that a task adds up."""
    number = int(task.name.split("_")[1])
    return b"%d 1\n" % number


def scheduler_reply(url: str, host: int, *, new_host: bool, parts: Iterable[str], delay: float) -> str:
    """Return a reply; `host` is told to a host that did not know it."""
    return "\n".join(
        [
            "<scheduler_reply>",
            "<scheduler_version>721</scheduler_version>",
            "<dont_use_dcf/>",
            f"<master_url>{url}</master_url>",
            f"<request_delay>{delay}</request_delay>",
            "<project_name>Test project</project_name>",
            "<userid>42</userid>",
            "<user_name>tester</user_name>",
            *([f"<hostid>{host}</hostid>"] if new_host else []),
            *parts,
            "</scheduler_reply>",
            "",
        ]
    )


def message(text: str, priority: str = "low") -> str:
    """Return a sentence for the person."""
    return f'<message priority="{priority}">{escape(text)}</message>'


def acknowledged(name: str) -> str:
    """Return the word that a report has arrived."""
    return f"<result_ack>\n    <name>{name}</name>\n</result_ack>"


def code_sign_key(key: Key) -> str:
    """Return the public key, for a client that has none yet."""
    return f"<code_sign_key>\n{key.public_text()}</code_sign_key>"


def program(url: str, signature: str) -> str:
    """Return the application and its one version."""
    return f"""<app>
    <name>{apps.NAME}</name>
    <user_friendly_name>Sum</user_friendly_name>
    <non_cpu_intensive>0</non_cpu_intensive>
</app>
<file_info>
    <name>{PROGRAM_FILE}</name>
    <url>{url}download/{PROGRAM_FILE}</url>
    <executable/>
    <file_signature>
{signature}    </file_signature>
    <nbytes>{len(apps.PROGRAM)}</nbytes>
</file_info>
<app_version>
    <app_name>{apps.NAME}</app_name>
    <version_num>100</version_num>
    <api_version>7.20.5</api_version>
    <file_ref>
        <file_name>{PROGRAM_FILE}</file_name>
        <main_program/>
    </file_ref>
    <platform>{apps.PLATFORM}</platform>
    <avg_ncpus>1.000000</avg_ncpus>
    <flops>1000000000.0</flops>
</app_version>"""


def work(url: str, task: Task, deadline: int) -> str:
    """Return one task with its files."""
    job = task.name.removesuffix("_0")
    return f"""<file_info>
    <name>{job}_in</name>
    <url>{url}download/{job}_in</url>
    <nbytes>{len(input_of(task))}</nbytes>
</file_info>
<file_info>
    <name>{task.name}_r0</name>
    <generated_locally/>
    <upload_when_present/>
    <max_nbytes>1000000</max_nbytes>
    <url>{url}file_upload_handler</url>
</file_info>
<workunit>
    <rsc_fpops_est>600000000.0</rsc_fpops_est>
    <rsc_fpops_bound>7000000000000.0</rsc_fpops_bound>
    <rsc_memory_bound>1000000.0</rsc_memory_bound>
    <rsc_disk_bound>10000000.0</rsc_disk_bound>
    <name>{job}</name>
    <app_name>{apps.NAME}</app_name>
    <command_line>
{task.arguments}
    </command_line>
    <file_ref>
        <file_name>{job}_in</file_name>
        <open_name>in</open_name>
        <copy_file/>
    </file_ref>
</workunit>
<result>
    <report_deadline>{deadline}</report_deadline>
    <wu_name>{job}</wu_name>
    <name>{task.name}</name>
    <file_ref>
        <file_name>{task.name}_r0</file_name>
        <open_name>out</open_name>
        <copy_file/>
    </file_ref>
    <platform>{apps.PLATFORM}</platform>
    <version_num>100</version_num>
    <plan_class></plan_class>
</result>"""
