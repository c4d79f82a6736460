"""A BOINC project small enough for a test: it speaks to the real client, signs what it sends, and fails on demand."""

from tests.plugins.boinc_project.books import Task
from tests.plugins.boinc_project.faults import Faults
from tests.plugins.boinc_project.server import Project

__all__ = ["Faults", "Project", "Task"]
