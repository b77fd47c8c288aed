"""Loaded by schemathesis (SCHEMATHESIS_HOOKS): each request gets a token that the node admits, made for just that request, so that it
reaches its handler; and most of them name what is there, so that handlers do their work.

OPENAPI_PORT, OPENAPI_ADMIN: of the node. OPENAPI_SEEN: a file that gets a line "<operation> <status>" for each answer.
"""
import base64
import json
import os
import pathlib
import random
import sys
import urllib.parse

import schemathesis

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import seal, tokens  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.world import World  # noqa: E402

chance = random.Random(1)


class At:
    """A node that runs already, by its port."""
    port = int(os.environ["OPENAPI_PORT"])
    exchange = Node.exchange
    request = Node.request


class Caller(World):
    def __init__(self):
        super().__init__(At(), "openapi")
        self.account = self.space.rsplit(":", 1)[0] + ":account"
        self.did = json.loads(self.node.request("GET", "/info").text)["nodeId"]
        self.proof = self.sign_in({
            **self.caps("", "get", "put", "del", "list", "metadata"), **self.caps("", "*", service="sql"), **self.caps("", "read", service="capabilities"),
            **self.caps("", "subscribe", "register", "list", "unregister", service="hooks"),
            self.account + "/delegation": {"tinycloud.delegation/list": [{}]}})
        self.child = self.pass_on(self.proof, self.caps("/notes/", "get"))
        self.networks = []
        self.post("/invoke", self.token_of(self.caps("/a", "put")), "value", **{"Content-Type": "text/plain"})
        self.keep_network("default")

    def token_of(self, att, proofs=None, aud=None, **more):
        return self.ucan(self.session, aud or self.session.did_key, att, 60, [self.proof] if proofs is None else proofs, **more)

    def network(self, name):
        return f"urn:tinycloud:encryption:{self.session.did_key}:{name}"

    def admin_token(self, network, ability, body):
        facts = {"type": "tinycloud.encryption.network-admin/v1", "targetNode": self.did, "networkId": network, "bodyHash": seal.digest(body),
                 "action": "tinycloud.encryption/" + ability}
        return self.token_of({network: {"tinycloud.encryption/" + ability: [{}]}}, [], self.did, fct=[facts])

    def keep_network(self, name):
        body = {"name": name, "ownerDid": self.session.did_key}
        answer = self.post("/encryption/networks", self.admin_token(self.network(name), "network.create", body), json.dumps(body), **JSON)
        if answer.status == 200:
            self.networks.append((name, json.loads(answer.text)["descriptor"]["publicEncryptionKey"]))

    def decrypt_body(self, name, public):
        wrapped = base64.b64encode(seal.wrap(base64.b64decode(public), b"k" * 32, bytes([chance.randrange(256)]) * 32, b"n" * 12)).decode()
        receiver = base64.b64encode(seal.x25519(b"r" * 32)).decode()
        return {"type": "tinycloud.encryption.decrypt/v1", "targetNode": self.did, "networkId": self.network(name), "alg": "x25519-aes256gcm/v1",
                "keyVersion": 1, "encryptedSymmetricKey": wrapped, "encryptedSymmetricKeyHash": seal.digest(wrapped),
                "receiverPublicKey": receiver, "receiverPublicKeyHash": seal.digest(receiver)}


JSON = {"Content-Type": "application/json"}
caller = Caller()


def often():
    return chance.random() < 0.7


def of_body(case):
    return case.body if isinstance(case.body, dict) else {}


def text(value, otherwise):
    return value if isinstance(value, str) and value else otherwise


# One a route: gives the token, after having put into the case what is there.

def delegate(case):
    return caller.ucan(caller.session, caller.backend.did_key, caller.caps(f"/notes/{chance.randrange(5)}", "get"), 600, [caller.proof])


def revoke(case):
    cid = caller.pass_on(caller.proof, caller.caps("/revoked/", "get")) if often() else tokens.cid(b"unknown")
    return caller.token_of({"urn:cid:" + cid: {"tinycloud.delegation/revoke": [{}]}}, [])


def delegation_status(case):
    if often() and of_body(case):
        case.body["cid"] = caller.child
    cid = text(of_body(case).get("cid"), caller.child)
    return caller.token_of({"urn:cid:" + (cid if cid.isalnum() and cid.isascii() else caller.child): {"tinycloud.delegation/status": [{}]}}, [])


def invoke(case):
    if case.media_type == "application/json":
        if often() and of_body(case):
            sql = {"query": "SELECT * FROM t", "execute": "CREATE TABLE IF NOT EXISTS t (k)", "export": "SELECT 1"}
            action = chance.choice(list(sql))
            case.body = {"action": action, "sql": sql[action], "params": []}
        return caller.token_of(caller.caps("/openapi", "read", "write", "schema", "admin", service="sql"))
    if case.media_type == "multipart/form-data":
        names = [urllib.parse.quote(name, safe="") for name in of_body(case)] or ["a"]
        return caller.token_of({key: value for name in names for key, value in caller.caps("/" + name, "put").items()})
    name = chance.choice(["get", "put", "del", "list", "metadata", "read"])
    if name == "read":
        return caller.token_of(caller.caps("/all", "read", service="capabilities"))
    return caller.token_of(caller.caps("/" + ("" if name == "list" else chance.choice(["a", "b", "none"])), name))


def hooks(case, ability):
    return caller.token_of(caller.caps("", ability, service="hooks"))


def hook_ticket(case):
    if often() and of_body(case) is case.body:
        case.body = {"subscriptions": [{"space": caller.space, "service": "kv"}]}
    return hooks(case, "subscribe")


def webhook_register(case):
    if often() and of_body(case) is case.body:
        case.body = {"space": caller.space, "service": "kv", "callbackUrl": "https://93.184.215.14/", "secret": "s"}
    return hooks(case, "register")


def webhook_list(case):
    if often():
        case.query = {**(case.query or {}), "space": caller.space, "service": "kv"}
    return hooks(case, "list")


def webhook_unregister(case):
    answer = caller.node.request("GET", f"/hooks/webhooks?space={urllib.parse.quote(caller.space)}&service=kv", {"Authorization": hooks(case, "list")})
    known = [webhook["id"] for webhook in json.loads(answer.text)]
    if often() and known:
        case.path_parameters["id"] = known[0]
    return hooks(case, "unregister")


def delegation_query(case):
    return caller.token_of({caller.account + "/delegation/": {"tinycloud.delegation/list": [{}]}})


def signed_url(case):
    if often() and of_body(case) is case.body:
        case.body = {"space": caller.space, "path": "a", **({"ttlSeconds": 60} if often() else {})}
    return caller.token_of(caller.caps("/a", "get"))


def network_create(case):
    if often() and of_body(case) is case.body:
        case.body = {"name": f"n{chance.randrange(1 << 30)}", "ownerDid": caller.session.did_key}
    name = text(of_body(case).get("name"), "x")
    return caller.admin_token(caller.network(name if name.isalnum() and name.isascii() else "x"), "network.create", case.body if isinstance(case.body, dict) else {})


def decrypt(case):
    name, public = caller.networks[0]
    if often():
        case.path_parameters["network"] = caller.network(name)
        if of_body(case) is case.body:
            case.body = caller.decrypt_body(name, public)
    body = of_body(case)
    bound = ("type", "targetNode", "networkId", "alg", "keyVersion", "encryptedSymmetricKeyHash", "receiverPublicKeyHash")
    facts = {**{member: body.get(member) for member in bound}, "bodyHash": seal.digest(body)}
    return caller.token_of({caller.network(name): {"tinycloud.encryption/decrypt": [{}]}}, [], caller.did, fct=[facts])


def network_revoke(case):
    name = f"r{chance.randrange(1 << 30)}"
    caller.keep_network(name)
    if often():
        case.path_parameters["network"] = caller.network(name)
    return caller.admin_token(caller.network(name), "network.revoke", {})


def administration(case):
    if "space" in (case.path_parameters or {}) and often():
        case.path_parameters["space"] = caller.space
    return "Bearer " + os.environ["OPENAPI_ADMIN"]


ROUTES = {"delegate": delegate, "revoke": revoke, "delegationStatus": delegation_status, "invoke": invoke, "hookTicket": hook_ticket,
          "webhookRegister": webhook_register, "webhookList": webhook_list, "webhookUnregister": webhook_unregister, "delegationQuery": delegation_query,
          "signedUrl": signed_url, "networkCreate": network_create, "decrypt": decrypt, "networkRevoke": network_revoke, "quotaList": administration,
          "quotaGet": administration, "quotaPut": administration, "quotaDelete": administration, "usage": administration}


def operation_of(case):
    return case.operation.definition.raw["operationId"]


@schemathesis.hook
def before_call(context, case, kwargs):
    case.headers["Authorization"] = ROUTES[operation_of(case)](case)


@schemathesis.hook
def after_call(context, case, response):
    with open(os.environ["OPENAPI_SEEN"], "a") as seen:
        seen.write(f"{operation_of(case)} {response.status_code}\n")
