"""What the client prints: passed on without the key, and listened to, for some things it tells nowhere else."""

import re
import sys
from collections.abc import Callable, Iterable

LONGEST_LINE = 1000
_REPLY = "Scheduler request completed"
_SET_BACK = re.compile(r"New system time \(\d+\) < old system time")
_COMPLAINT = re.compile(
    r"(Giving up on (?:download|upload) of .*|Checksum or signature error for .*|.*No scheduler URLs found.*"
    r"|Reason: (?:Master|Scheduler|3 cons).*|Scheduler request failed: .*|Temporarily failed (?:upload|download).*"
    r"|(?i:.*(?:disk is full|no space left|can't write).*))"
)
_PREFIX = re.compile(r"^\d\d-\w{3}-\d{4} \d\d:\d\d:\d\d \[.*?\] (?:\[\w+\] )?")


class Output:
    """The client's words. Written to by one thread and read by another, an attribute at a time."""

    def __init__(self, secret: str) -> None:
        # What follows the `_` of a key that is bound to one user is as good as the key.
        self._secrets = [part for part in (secret, secret.rpartition("_")[2]) if len(part) > 7]
        self.replies = 0
        """How often the scheduler has answered."""
        self.set_backs = 0
        """How often the client saw its clock set back by more than a minute."""
        self.acknowledged = False
        """Whether the project has acknowledged a task."""
        self.complaint = ""
        """What went wrong last, in the client's words."""
        self.gave_up = ""
        """Which file was given up for good, in the client's words."""
        self.lost_upload = False
        """Whether it was one of the task's results."""

    def say(self, line: str) -> None:
        """Print a line, whoever said it, without the key."""
        text = self.without_key(line)[:LONGEST_LINE]
        sys.stdout.write("".join(letter if letter.isprintable() else "?" for letter in text) + "\n")
        sys.stdout.flush()

    def without_key(self, text: str) -> str:
        """Return a text in which the key, if it was there, is not."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def follow(self, lines: Iterable[str], said: Callable[[], None]) -> None:
        """Pass the lines on until there are no more; call `said` after each that matters."""
        for line in lines:
            words = _PREFIX.sub("", line.rstrip())
            self.say("client: " + words)
            if self._listen(words):
                said()

    def _listen(self, words: str) -> bool:
        self.acknowledged = self.acknowledged or "got ack for task" in words
        if words.startswith(_REPLY):
            self.replies += 1
            return True
        if _SET_BACK.match(words):
            self.set_backs += 1
            return True
        if found := _COMPLAINT.match(words):
            self.complaint = self.without_key(found[1].removeprefix("Reason: "))
            if words.startswith(("Giving up", "Checksum")):
                self.gave_up = self.gave_up or self.complaint
                self.lost_upload = self.lost_upload or "upload" in self.complaint
        return found is not None
