"""The tool with a profile and files of its own, as a test calls it."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

YES, NO, UNUSABLE = 0, 1, 2


class Answer:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr.decode()

    @property
    def text(self):
        return self.out.decode()

    @property
    def json(self):
        return json.loads(self.out)


class Tool:
    """The tool with a profile and files of its own, and a node."""

    def __init__(self, deputy, node):
        self.deputy, self.node = os.path.abspath(deputy), node
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="deputy-cli-"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory)

    def call(self, *arguments, before=(), stdin=b""):
        done = subprocess.run([self.deputy, "--node", self.node.url, *before, *map(str, arguments)], input=stdin, capture_output=True,
                              cwd=self.directory, timeout=60, env={**os.environ, "XDG_CONFIG_HOME": str(self.directory / "config")})
        return Answer(done)

    def ok(self, *arguments, **more):
        answer = self.call(*arguments, **more)
        assert answer.code == YES, (arguments, answer.code, answer.err)
        return answer

    def json(self, *arguments, **more):
        return self.ok(*arguments, before=("--json", "--quiet"), **more).json

    def refused(self, reason, *arguments, code=NO, **more):
        """The tool says no, and why."""
        answer = self.call(*arguments, **more)
        assert answer.code == code and reason in answer.err, (arguments, answer.code, answer.err)
        return answer

    def file(self, name, content):
        path = self.directory / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return name

    def key(self, name, kind):
        return self.json("keygen", "--kind", kind, "-o", name)["did"]
