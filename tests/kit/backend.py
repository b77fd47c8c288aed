"""A backend of our own for a test: its configuration, its process, and owners who sign in and grant it what it asks for."""
import copy
import json
import os
import pathlib
import subprocess
import time

from . import tokens
from .process import START_SECONDS, Process
from .world import key, serial

LISTEN = "xyz.tinycloud.listen"
PAGE = "listen.example"
ORIGIN = "https://listen.example"
GOLDEN = json.loads((pathlib.Path(__file__).parent.parent / "data/golden-listen.json").read_text())
INFO = next(each for each in GOLDEN["exchanges"] if each["name"] == "server-info")["response"]["body"]
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
DID = "did:pkh:eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
# Wide enough that no test meets a limit by accident.
LIMITS = {"general": 100000, "auth": 100000, "writes": 100000, "attestation": 100000}


def toml(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


class Backend(Process):
    """`deputy backend` in a temporary directory; use it in a with statement. Settings given by name override the usual ones, with
    two underscores for a dot; None leaves one out. The variable SANDBOX is the setting of that name for those that give none."""

    name = "backend"

    def __init__(self, deputy, node=None, permissions=None, manifest=None, environment=None, directory=None, arguments=(), identity=KEY,
                 **settings):
        super().__init__(deputy, directory)
        self.permissions = INFO["permissions"] if permissions is None else permissions
        self.manifest = manifest
        self.environment, self.arguments, self.identity = environment or {}, arguments, identity
        self.settings = {"listen": ["127.0.0.1:0"], "node": getattr(node, "url", node) or "http://127.0.0.1:9", "data": str(self.directory / "data"),
                         "app_id": LISTEN, "name": "Listen Backend", "threads": 2, "origins": [ORIGIN, "http://localhost:5173"],
                         "permissions": str(self.directory / "permissions.json"),
                         "features": json.dumps(INFO["features"], separators=(",", ":")),
                         "sandbox": os.environ.get("SANDBOX"), **{"limits." + name: value for name, value in LIMITS.items()},
                         **{name.replace("__", "."): value for name, value in settings.items()}}

    def write(self):
        self.directory.joinpath("permissions.json").write_text(json.dumps(self.permissions))
        settings = dict(self.settings)
        if self.manifest is not None:
            self.directory.joinpath("manifest.json").write_text(json.dumps(self.manifest))
            settings["manifest"] = str(self.directory / "manifest.json")
        lines = [f"{name} = {toml(value)}" for name, value in settings.items() if value is not None]
        self.directory.joinpath("deputy.toml").write_text("[backend]\n" + "\n".join(lines) + "\n")
        if self.identity is not None:
            path = self.directory / "identity.json"
            path.touch(0o600)
            path.chmod(0o600)
            path.write_text(json.dumps({"privateKey": self.identity}))

    def command(self):
        key_file = ["--key-file", str(self.directory / "identity.json")] if self.identity is not None else []
        return [str(self.deputy), "backend", *key_file, *self.arguments]

    def clean_environment(self):
        dropped = ("BACKEND_PRIVATE_KEY", "DSTACK_SIMULATOR_ENDPOINT", "TAPPD_SIMULATOR_ENDPOINT", "PORT")
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        whole = {**kept, "DEPUTY_CONFIG_FILE": str(self.directory / "deputy.toml"), **self.environment}
        if self.settings["sandbox"] != "off":
            # The search for leaks at the end needs a process of its own, which looks into ours: both are refused. Suites that run
            # once more without the sandbox (tests/suites.txt) have it.
            whole["ASAN_OPTIONS"] = whole.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        return whole

    def start(self):
        self.write()
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(self.command(), cwd=self.directory, stdout=subprocess.PIPE, stderr=self.log,
                                        stdin=subprocess.DEVNULL, env=self.clean_environment())
        line = self.process.stdout.readline().decode()
        if not line.startswith("ready "):
            code = self.process.wait(timeout=START_SECONDS)
            self.process = None
            raise RuntimeError(f"the backend did not start ({code}):\n" + self.log_text())
        self.ready = line.split()[1:]
        self.port = int(self.ready[0].rsplit(":", 1)[1])

    def refused_start(self):
        """Starts it, expecting that it does not; returns its exit code and what it said."""
        self.write()
        done = subprocess.run(self.command(), cwd=self.directory, capture_output=True, text=True, timeout=30, env=self.clean_environment())
        assert "ready" not in done.stdout, done.stdout
        return done.returncode, done.stderr

    def restart(self):
        assert self.stop() == 0, self.log_text()
        self.start()

    def verb(self, *arguments, **environment):
        """Runs `deputy backend <verb>` with this backend's settings, as they are now; returns the finished process."""
        self.write()
        return subprocess.run([*self.command()[:2], *arguments, *self.command()[2:]], cwd=self.directory, capture_output=True, text=True,
                              timeout=120, env={**self.clean_environment(), **environment})

    @property
    def database(self):
        return self.directory / "data" / "backend.db"

    def request(self, method, path, headers=None, body=None):
        """As a page does; a body that is no text or bytes is sent as JSON. A header of None is left out."""
        usual = {} if method in ("GET", "HEAD", "OPTIONS") else {"X-Requested-With": "Listen"}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            usual["Content-Type"] = "application/json"
        sent = {name: value for name, value in {**usual, **(headers or {})}.items() if value is not None}
        return self.exchange(method, path, sent, body, 60)

    def nonce(self, address):
        return json.loads(self.request("GET", "/api/auth/nonce?address=" + address).text)["nonce"]


def iso(seconds, now=None):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime((now or time.time()) + seconds))


def resolved(permissions):
    """The permissions of server-info with whole paths and action URNs, by space."""
    spaces = {}
    for entry in permissions:
        path = entry["path"] if entry.get("skipPrefix") else LISTEN + "/" + entry["path"].lstrip("/")
        actions = [entry["service"] + "/" + name for name in entry["actions"]]
        spaces.setdefault(entry.get("space", "applications"), []).append((entry["service"], path, actions))
    for entries in spaces.values():
        entries.append(("tinycloud.capabilities", "", ["tinycloud.capabilities/read"]))
    return spaces


class Owner:
    """Somebody with a wallet, a page's session key, and spaces on a node; without a node, tokens are made and not registered."""

    def __init__(self, backend, node=None, name="alice", permissions=None):
        self.backend, self.node = backend, node
        self.wallet, self.session = key("secp256k1", "wallet " + name), key("ed25519", "page " + name)
        self.spaces = resolved(INFO["permissions"] if permissions is None else permissions)
        self.network = f"urn:tinycloud:encryption:{self.wallet.did_pkh}:default"
        self.token = None

    @property
    def address(self):
        return self.wallet.address

    def space(self, name):
        return f"tinycloud:pkh:eip155:1:{self.address}:{name}"

    # the way to a session token

    def message(self, nonce, **fields):
        fields = {"domain": PAGE, "aud": self.session.did_url, "nonce": nonce, "iat": iso(0), "exp": iso(3600), "address": self.address, **fields}
        return tokens.siwe_text({name: value for name, value in fields.items() if value is not None})

    def sign(self, text):
        return "0x" + self.wallet.sign_eip191(text).hex()

    def verify(self, text, signature=None, **headers):
        return self.backend.request("POST", "/api/auth/verify", headers, {"message": text, "signature": signature or self.sign(text)})

    def sign_in(self):
        answer = self.verify(self.message(self.backend.nonce(self.address)))
        assert answer.status == 200, answer.text
        self.token = json.loads(answer.text)["token"]
        return self

    @property
    def bearer(self):
        return {"Authorization": "Bearer " + self.token}

    # the node

    def delegate(self, token):
        answer = self.node.request("POST", "/delegate", {"Authorization": token})
        assert answer.status == 200, (answer.status, answer.text)

    def host(self):
        for name in self.spaces:
            peer = self.node.request("GET", "/peer/generate/" + self.space(name).replace(":", "%3A")).text
            fields = {"nonce": f"nonce{next(serial):08}", "iat": iso(0)}
            att = {self.space(name) + "/space": {"tinycloud.space/host": [{}]}}
            self.delegate(tokens.cacao_header(tokens.cacao(self.wallet, peer, fields, att)))

    def att(self, spaces=None, network=True):
        """What is asked for, as a capability map."""
        att = {}
        for name, entries in (self.spaces if spaces is None else spaces).items():
            for service, path, actions in entries:
                short = service.removeprefix("tinycloud.")
                resource = f"{self.space(name)}/{short}" + ("/" + path if path else "")
                att.setdefault(resource, {}).update({action: [{}] for action in actions})
        if network:
            att[self.network] = {"tinycloud.encryption/decrypt": [{}]}
        return att

    def open_session(self, seconds=7200):
        """The wallet gives the page's session key what is asked for; registered at the node when there is one."""
        fields = {"domain": PAGE, "nonce": f"nonce{next(serial):08}", "iat": iso(0), "exp": iso(seconds)}
        data = tokens.cacao(self.wallet, self.session.did_url, fields, self.att())
        self.root, self.root_header = tokens.cid(data), tokens.cacao_header(data)
        if self.node is not None:
            self.delegate(self.root_header)
        return self

    # delegations for the backend

    def child(self, att, seconds=3600, to=DID, by=None, register=True, proofs=None, expires=None, **more):
        payload = {"iss": (by or self.session).did_url, "aud": to, "att": att, "exp": expires or int(time.time()) + seconds,
                   "nnc": f"urn:uuid:{time.time_ns():032x}-{next(serial)}", "prf": [self.root] if proofs is None else proofs, **more}
        token = tokens.ucan(by or self.session, payload)
        if register and self.node is not None:
            self.delegate(token)
        return token, payload

    def wrap(self, token, payload, space, **changes):
        """A PortableDelegation as the page's library writes it."""
        resources = []
        for resource, abilities in payload["att"].items():
            if resource.startswith("urn:"):
                resources.append({"service": "encryption", "space": "encryption", "path": resource, "actions": list(abilities)})
                continue
            whole = resource[len("tinycloud:"):].split("/", 2)
            resources.append({"service": whole[1], "space": "tinycloud:" + whole[0], "path": whole[2] if len(whole) > 2 else "",
                              "actions": list(abilities)})
        wrapper = {"cid": tokens.cid(token.encode()), "delegationHeader": {"Authorization": token}, "spaceId": self.space(space),
                   "path": resources[0]["path"], "actions": resources[0]["actions"], "resources": resources, "disableSubDelegation": False,
                   "expiry": iso(0, payload["exp"]), "delegateDID": payload["aud"], "ownerAddress": self.address, "chainId": 1}
        if self.node is not None:
            wrapper["host"] = self.node.url
        return {**wrapper, **changes}

    def parts(self, spaces=None, network=True, **options):
        """One delegation a space, and one for the network."""
        parts = []
        for name, entries in (self.spaces if spaces is None else spaces).items():
            parts.append(self.wrap(*self.child(self.att({name: entries}, network=False), **options), name))
        if network:
            parts.append(self.wrap(*self.child({self.network: {"tinycloud.encryption/decrypt": [{}]}}, **options), "applications"))
        return parts

    def bundle(self, parts=None, **options):
        return bundle_of(self.parts(**options) if parts is None else parts)

    # what the page asks the backend

    def ask(self, method, path, body=None, **headers):
        return self.backend.request(method, path, {**self.bearer, **headers}, body)

    def post(self, serialized):
        return self.ask("POST", "/api/delegations", {"serialized": serialized})

    def grant(self, **options):
        """Signs in where that is still to be done, and grants all that is asked for."""
        if self.token is None:
            self.sign_in()
        answer = self.post(self.bundle(**options))
        assert answer.status == 200, (answer.status, answer.text, self.backend.log_text()[-2000:])
        return json.loads(answer.text)

    def status(self):
        answer = self.ask("GET", "/api/delegations/status")
        assert answer.status == 200, (answer.status, answer.text)
        return json.loads(answer.text)


def bundle_of(parts, format="listen.delegation-bundle", version=1):
    written = [part if isinstance(part, str) else tokens.as_written(part) for part in parts]
    return tokens.as_written({"format": format, "version": version, "delegations": written})


def changed(parts, index, **members):
    """The same with members of one wrapper changed; a member of None is left out."""
    parts = copy.deepcopy(parts)
    parts[index].update(members)
    parts[index] = {name: value for name, value in parts[index].items() if value is not None}
    return parts


def error(code, message):
    return tokens.as_written({"error": code, "message": message})
