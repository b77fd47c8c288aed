#!/usr/bin/env python3
"""deputy sql: one statement, statements from a pipe, and the shell at a terminal.

usage: sql_shell.py DEPUTY
"""
import contextlib
import json
import os
import pathlib
import pty
import re
import select
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.node import Node  # noqa: E402
from kit.runner import run  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = pathlib.Path(sys.argv[1]).resolve()
DB = "com.example.notes/main"
MANIFEST = {"manifest_version": 1, "app_id": "com.example.notes", "name": "Notes", "defaults": False, "expiry": "1d",
            "permissions": [{"service": "tinycloud.sql", "path": "main", "actions": ["read", "write", "schema", "admin"]}]}


class Tool:
    """The tool in a home of its own, signed in to a node."""

    def __init__(self, node, home):
        self.node, self.home = node, pathlib.Path(home)
        self.environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home + "/config", "TERM": "xterm"}
        (self.home / "notes.json").write_text(json.dumps(MANIFEST))
        self.call("keygen", "--kind", "secp256k1", "-o", "wallet")
        self.call("sign-in", "--key", "wallet", "--yes", "--manifest", "notes.json")

    def command(self, *arguments):
        return [str(DEPUTY), "--node", self.node.url, *arguments]

    def call(self, *arguments, code=0, stdin=""):
        done = subprocess.run(self.command(*arguments), cwd=self.home, env=self.environment, input=stdin, capture_output=True, text=True, timeout=60)
        assert done.returncode == code, f"{arguments}: {done.returncode} {done.stdout} {done.stderr}"
        return done

    def sql(self, *arguments, **more):
        return self.call("sql", "--db", DB, *arguments, **more)


class Terminal:
    """A shell on the other side of a terminal."""

    def __init__(self, tool, *arguments):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(tool.command("sql", "--db", DB, *arguments), cwd=tool.home, env=tool.environment,
                                        stdin=slave, stdout=slave, stderr=slave, close_fds=True, start_new_session=True)
        os.close(slave)
        self.seen = ""

    def until(self, pattern, seconds=20):
        """What was shown up to the pattern; without what steers the terminal."""
        deadline = time.monotonic() + seconds
        while True:
            plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\x07", "", self.seen)
            found = re.search(pattern, plain)
            if found:
                self.seen = plain[found.end():]
                return plain[:found.end()]
            assert time.monotonic() < deadline, f"no {pattern!r} in {plain!r}"
            if select.select([self.master], [], [], 0.2)[0]:
                with contextlib.suppress(OSError):
                    self.seen += os.read(self.master, 65536).decode(errors="replace")

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """Ends the input. The editor shows its prompt before it takes the terminal over; what is pressed between is lost, or comes as
        something else, so the line is emptied first."""
        deadline = time.monotonic() + 20
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it goes on: {self.seen!r}"
            self.type("\x15\x04")
            if select.select([self.master], [], [], 0.5)[0]:
                with contextlib.suppress(OSError):
                    self.seen += os.read(self.master, 65536).decode(errors="replace")
        os.close(self.master)
        return self.process.returncode


@contextlib.contextmanager
def a_tool():
    with Node(str(DEPUTY), CONFIG) as node, tempfile.TemporaryDirectory() as home:
        tool = Tool(node, home)
        tool.sql("-c", "CREATE TABLE note (id INTEGER PRIMARY KEY, title TEXT, body BLOB)")
        yield tool


def one_statement_with_parameters():
    with a_tool() as tool:
        assert "1 row changed" in tool.sql("-c", "INSERT INTO note VALUES (?, ?, ?)", "--param", "7", "--param", "it's\x1b[2J", "--param", "[1,255]").stderr
        done = tool.call("--json", "sql", "--db", DB, "-c", "SELECT * FROM note")
        assert json.loads(done.stdout) == {"columns": ["id", "title", "body"], "rowCount": 1, "rows": [[7, "it's\x1b[2J", [1, 255]]]}
        shown = tool.sql("-c", "SELECT id, title, body, NULL FROM note").stdout
        assert shown.splitlines()[0].split() == ["id", "title", "body", "NULL"], shown
        assert "\x1b" not in shown and "x'01ff'" in shown, shown
        assert "no such table: nope" in tool.sql("-c", "SELECT * FROM nope", code=1).stderr
        assert "Exactly one" in tool.sql("-c", "SELECT 1; SELECT 2", code=1).stderr
        tool.sql("-c", "SELECT 1", "more", code=2)
        tool.sql("--ability", "all", "-c", "SELECT 1", code=2)
        tool.sql("-c", "WITH x AS (SELECT 7 AS id) DELETE FROM note WHERE id IN (SELECT id FROM x)", code=1)


def statements_from_a_pipe_end_at_the_first_refusal():
    with a_tool() as tool:
        script = "INSERT INTO note (title)\n  VALUES ('a;b');\n-- a comment; with a semicolon\nINSERT INTO note (title) VALUES (\"it's\");\nSELECT count(*) AS n FROM note"
        assert tool.sql(stdin=script).stdout.split() == ["n", "-", "2"]
        done = tool.sql(stdin="SELECT 1 AS first;\nSELECT * FROM nope;\nSELECT 2 AS never;\n", code=1)
        assert "first" in done.stdout and "never" not in done.stdout


def export_is_an_sqlite_file():
    with a_tool() as tool:
        tool.sql("-c", "INSERT INTO note (title) VALUES ('kept')")
        tool.sql("--export", "-o", "notes.db")
        with contextlib.closing(sqlite3.connect(tool.home / "notes.db")) as database:
            assert database.execute("SELECT title FROM note").fetchall() == [("kept",)]


def shell_edits_lines_and_goes_on_after_refusals():
    with a_tool() as tool:
        shell = Terminal(tool)
        shell.until(r"sql> ")
        shell.type("INSERT INTO note (title) VALUES\n")
        shell.until(r"\.\.\.> ")
        shell.type("  ('wrong\x7f\x7f\x7f\x7f\x7fright');\n")  # edited with backspace
        shell.until(r"1 row changed")
        shell.until(r"sql> ")
        shell.type("SELECT nope;\n")
        shell.until(r"no such column: nope")
        shell.type(".params [1]\n")
        shell.until(r"sql> ")
        shell.type("SELECT title FROM note WHERE id = ?;\n")
        assert "right" in shell.until(r"right\s+sql> ")
        shell.type(".tables\n")
        shell.until(r"note\s+table")
        shell.type(".schema note\n")
        shell.until(r"CREATE TABLE note")
        shell.type(".json on\nSELECT 1 AS a;\n")
        shell.until(r'"rows":\s*\[\s*\[\s*1')
        shell.type(".nonsense\n")
        shell.until(r"no such command")
        assert shell.end() == 0
        assert not [path for path in tool.home.rglob("*history*")], "nothing is kept"


def history_is_off_until_it_is_wanted():
    with a_tool() as tool:
        shell = Terminal(tool)
        shell.until(r"sql> ")
        shell.type("SELECT 'first' AS one;\n")
        shell.until(r"first\s+sql> ")
        shell.type("\x1b[A\n")  # the arrow up finds nothing
        shell.until(r"sql> ")
        shell.type(".history on\n")
        shell.until(r"sql> ")
        shell.type("SELECT 'second' AS two;\n")
        shell.until(r"second\s+sql> ")
        shell.type("\x1b[A\n")
        assert "first" not in shell.until(r"two\s+-+\s+second\s+sql> ")
        assert shell.end() == 0


if __name__ == "__main__":
    run([one_statement_with_parameters, statements_from_a_pipe_end_at_the_first_refusal, export_is_an_sqlite_file,
         shell_edits_lines_and_goes_on_after_refusals, history_is_off_until_it_is_wanted])
