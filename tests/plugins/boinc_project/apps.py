"""The program that a task of the test project runs: a script that speaks BOINC's own way of shared memory."""

PLATFORM = "x86_64-pc-linux-gnu"
NAME = "sum"

# Words of the command line: seconds of work, exit code, bytes of output, and flags: `deaf` does not know BOINC's
# interface, `hog` takes 64 MiB.
PROGRAM = r"""#!/usr/bin/python3
import mmap, os, re, sys, time

if os.environ.pop("LD_PRELOAD", None):  # what a test does to the client's clock is not for its programs
    os.execv(sys.executable, [sys.executable, *sys.argv])
seconds, code, size = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
flags = sys.argv[4:]
CONTROL, HEARTBEAT, STATUS = 0, 4, 5
done = 0.0
if os.path.exists("checkpoint"):
    done = float(open("checkpoint").read())
    print("resumed at", done, file=sys.stderr)

shared = None
if "deaf" not in flags and os.path.exists("boinc_mmap_file"):
    with open("boinc_mmap_file", "r+b") as file:
        shared = mmap.mmap(file.fileno(), 8 * 1024)

def receive(channel):
    at = channel * 1024
    if shared is None or not shared[at]:
        return ""
    text = shared[at + 1 : at + 1024].split(b"\0")[0].decode()
    shared[at] = 0
    return text

def tell(fraction):
    at = STATUS * 1024
    if shared is not None and not shared[at]:
        tags = ("current_cpu_time", done), ("checkpoint_cpu_time", done), ("fraction_done", fraction)
        text = "".join("<%s>%g</%s>\n" % (tag, value, tag) for tag, value in tags)
        shared[at + 1 : at + 1 + len(text) + 1] = text.encode() + b"\0"
        shared[at] = 1

def checkpoint():
    with open("checkpoint.new", "w") as file:
        file.write(str(done))
    os.replace("checkpoint.new", "checkpoint")

hog = bytearray(64 << 20) if "hog" in flags else b""
while done < seconds:
    time.sleep(0.1)
    done += 0.1
    order = receive(CONTROL)
    if "<quit/>" in order or "<abort/>" in order:
        checkpoint()
        os._exit(0 if "<quit/>" in order else 1)
    tell(done / seconds)
    checkpoint()
if code:
    print("the sum does not come out", file=sys.stderr)
    sys.exit(code)
with open("in") as file:
    total = sum(int(word) for word in file.read().split())
with open("out", "w") as file:
    file.write(str(total).ljust(size) + "\n")
with open("boinc_finish_called", "w") as file:
    file.write("0\n")
"""
