#!/usr/bin/env python3
"""docs/backend.md, read by somebody new: each of its commands, files and programs, as it stands there, against a node of our own. Only
places are others: directories, the node's URL and ports.

usage: backend_guide.py DEPUTY
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.backend import KEY, Backend, Owner  # noqa: E402
from kit.local import User  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.runner import run  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = pathlib.Path(sys.argv[1]).resolve()
TREE = pathlib.Path(__file__).resolve().parent.parent.parent
GUIDE = (TREE / "docs/backend.md").read_text()
APP = "com.example.notes"


class Guided(Backend):
    """A backend that is set up by what the guide says and by nothing else."""

    def __init__(self, node):
        super().__init__(DEPUTY, node, identity=None)
        self.node_url = node.url
        self.binaries = self.directory / "bin"
        self.binaries.mkdir()
        (self.binaries / "deputy").symlink_to(DEPUTY)
        for place in ("lib", "run"):
            (self.directory / place).mkdir()

    def placed(self, text):
        for theirs, ours in (("/var/lib/app", f"{self.directory}/lib"), ("/run/app", f"{self.directory}/run"),
                             ("https://node.example", self.node_url), ("127.0.0.1:3001", "127.0.0.1:0")):
            text = text.replace(theirs, ours)
        return text

    def block(self, language, containing):
        """The one block of that language with these words in it."""
        blocks = re.findall(rf"^( *)```{language}\n(.*?)^ *```", GUIDE, re.MULTILINE | re.DOTALL)
        [(indent, block)] = [(indent, block) for indent, block in blocks if containing in block]
        return self.placed(re.sub("^" + indent, "", block, flags=re.MULTILINE))

    def shell(self, script, where=None, seconds=60, **environment):
        path = f"{self.binaries}:{os.environ['PATH']}"
        return subprocess.run(["sh", "-euc", script], cwd=where or self.directory, capture_output=True, text=True, timeout=seconds,
                              env={**os.environ, "PATH": path, **environment})

    def write(self):
        self.directory.joinpath("permissions.json").write_text(self.block("json", "tinycloud.kv"))
        self.directory.joinpath("deputy.toml").write_text(self.block("toml", "[backend]"))

    def command(self):
        return [str(self.deputy), *re.search(r"Run `deputy (backend --config deputy\.toml)`", GUIDE)[1].split()]

    def clean_environment(self):
        return {name: value for name, value in super().clean_environment().items() if name != "DEPUTY_CONFIG_FILE"}


def asked(backend):
    """What the guide's backend asks every user for, as server-info tells it."""
    return json.loads(backend.request("GET", "/api/server-info").text)["permissions"]


def resolved(permissions):
    return [{**each, "path": each["path"] if each.get("skipPrefix") else APP + "/" + each["path"].lstrip("/"), "skipPrefix": True}
            for each in permissions]


class Reader(User):
    """The user of the guide, whose address stands in its commands."""

    def __init__(self, backend, node):
        Owner.__init__(self, backend, node, "guide", resolved(asked(backend)))
        self.wallet, self.given = tokens.Key("secp256k1", KEY[2:]), []
        self.network = f"urn:tinycloud:encryption:{self.wallet.did_pkh}:default"

    def message(self, nonce, **fields):
        return super().message(nonce, **{"domain": "notes.example", **fields})

    def child(self, *arguments, **options):
        return super().child(*arguments, **{"to": json.loads(self.backend.request("GET", "/api/server-info").text)["did"], **options})


def made():
    """The key, as step 1 makes it; returns its DID."""
    done = backend.shell(backend.block("sh", "backend init"))
    assert done.returncode == 0 and re.fullmatch(r"did:pkh:eip155:1:0x[0-9a-fA-F]{40}\n", done.stdout), done
    return done.stdout.strip()


def begun():
    did = made()
    backend.start()
    assert json.loads(backend.request("GET", "/api/server-info").text)["did"] == did
    global user
    user = Reader(backend, node)
    user.granted()
    return did


class Guide:
    def sets_a_backend_up():
        begun()

    def settings_are_printed_by_check_config():
        done = backend.shell("deputy backend --check-config --config deputy.toml")
        assert done.returncode == 0 and APP in done.stdout, done

    def commands_of_the_local_api_work_as_they_stand():
        if not shutil.which("curl"):
            print("skipped: curl is not installed")
            return
        lines = backend.block("sh", "curl --silent").splitlines()
        setting = "\n".join(line for line in lines if re.match(r"[A-Z]=", line))
        commands = [line for line in lines if line.startswith("$D")]
        assert len(commands) == 10, commands
        (backend.directory / "note.txt").write_text("bread, milk\n")
        (backend.directory / ".curlrc").write_text("fail-with-body\n")
        answers = []
        for command in commands:
            endless = " -N " in command
            script = setting + "\n" + (command.replace("$D", "timeout 3 $D", 1) if endless else command)
            done = backend.shell(script, SESSION=user.token, CURL_HOME=str(backend.directory))
            assert done.returncode == (124 if endless else 0), (command, done)
            answers.append(done.stdout)
        assert answers[1] == "bread, milk\n" and json.loads(answers[2]) == {"keys": [APP + "/2026/07"], "cursor": None}, answers
        assert json.loads(answers[4])["rows"] == [[1]] and answers[6] == "sk-123", answers
        assert json.loads(answers[7])["state"] == "active" and user.address.lower() in answers[8].lower(), answers
        assert answers[9].startswith(":"), answers

    def program_in_python_works_as_it_stands():
        program = "session = " + repr(user.token) + "\n" + backend.block("python", "import http.client, json, socket")
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and done.stdout == f"['{APP}/2026/07']\n", done

    def backup_and_doctor_work_as_they_stand():
        commands = re.findall(r"`(deputy backend (?:backup FILE|restore FILE|doctor))`", GUIDE)
        assert sorted(commands) == ["deputy backend backup FILE", "deputy backend doctor", "deputy backend restore FILE"], commands
        kept = backend.directory / "lib/backend/backend.db"
        for command, code in (("deputy backend doctor", 0), ("deputy backend backup FILE", 0)):
            assert backend.shell(command).returncode == code, command
        assert backend.stop() == 0
        for path in kept.parent.glob("backend.db*"):
            path.unlink()
        assert backend.shell("deputy backend restore FILE").returncode == 0
        backend.start()
        assert user.sign_in().status()["status"] == "active"

    def identity_is_replaced_as_it_stands():
        before = json.loads(backend.request("GET", "/api/server-info").text)["did"]
        script = backend.block("sh", "rotate-backend-identity")
        assert script.splitlines()[0].startswith("systemctl stop") and script.splitlines()[2].startswith("systemctl start"), script
        assert backend.stop() == 0
        done = backend.shell("\n".join(line for line in script.splitlines() if not line.startswith("systemctl")), where=TREE)
        assert done.returncode == 0, done
        backend.start()
        after = json.loads(backend.request("GET", "/api/server-info").text)["did"]
        assert after != before and after in done.stdout, (before, after, done.stdout)
        assert user.sign_in().status()["status"] == "none"


if __name__ == "__main__":
    with Node(DEPUTY, CONFIG) as node:
        backend = Guided(node)
        try:
            run([check for name, check in vars(Guide).items() if not name.startswith("_")])
        finally:
            backend.__exit__()
