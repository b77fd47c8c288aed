"""A node whose disk fails, or is slow, on demand: the other side of tests/faults/faults.c."""
import mmap
import struct

from .node import Node

TRACE_MAX, HEAD = 1 << 16, 7 * 4  # of struct control in faults.c


class Faults:
    """The shared memory of the library in the node."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(HEAD + 3 * TRACE_MAX))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 0)

    def slow_sql(self, milliseconds):
        """From here on each sync of a user's SQL database takes so much longer."""
        self.memory[24:28] = struct.pack("=i", milliseconds)

    def arm(self, countdown, error, lasting=False):
        self.memory[4:20] = struct.pack("=iiii", countdown, lasting, error, 0)
        self.memory[0:4] = struct.pack("=i", 1)

    def disarm(self):
        """Gives how many calls failed."""
        self.memory[0:4] = struct.pack("=i", 0)
        return struct.unpack("=i", self.memory[16:20])[0]

    def trace_begin(self):
        self.memory[20:24] = struct.pack("=i", 0)

    def trace(self):
        """Calls since trace_begin, each as call and file: "ww" is a write to the log, "Sk" something sent."""
        count = struct.unpack("=i", self.memory[20:24])[0]
        assert count < TRACE_MAX, "the trace is full"
        events = self.memory[HEAD:HEAD + 3 * count]
        return [events[at:at + 2].decode() for at in range(0, 3 * count, 3)]


class FaultyNode(Node):
    """A node of a build, with the library in it."""

    def __init__(self, build, config, environment=None):
        super().__init__(build / "deputy", config)
        self.faults = Faults(self.directory / "faults")
        self.environment = {**(environment or {}), "LD_PRELOAD": str(build / "faults.so"), "FAULTS_CONTROL": str(self.faults.path)}
        if self.sanitized():
            self.environment["ASAN_OPTIONS"] = "verify_asan_link_order=0"

    def failing_verb(self, *arguments):
        return super().verb(*arguments)

    def verb(self, *arguments):
        environment, self.environment = self.environment, {}
        try:
            return super().verb(*arguments)
        finally:
            self.environment = environment
