#!/usr/bin/env python3
"""A data node as a process: how it starts and refuses to, what survives its end, what a changed database cannot do, large values.

usage: node.py DEPUTY
"""
import concurrent.futures
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.node import Node, confinement  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.world import CONFIG, World  # noqa: E402

DEPUTY = sys.argv[1]


def start_by_hand(*arguments, config=None, **environment):
    """Starts `deputy node` where it is expected to refuse; returns its exit code and what it said."""
    directory = tempfile.mkdtemp(prefix="deputy-test-")
    try:
        if config is not None:
            pathlib.Path(directory, "tinycloud.toml").write_text(config)
        done = subprocess.run([os.path.abspath(DEPUTY), "node", *arguments], cwd=directory, timeout=20, capture_output=True, text=True,
                              env={**os.environ, **confinement(DEPUTY), **environment})
        return done.returncode, done.stdout, done.stderr
    finally:
        shutil.rmtree(directory)


def configured(port=0, data="./data", more=""):
    return CONFIG.replace("{port}", str(port)).replace("{data}", data) + more


class Starting:
    def port_in_use_is_one_clear_line():
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            code, _, said = start_by_hand(config=configured(port))
            assert code == 1 and f"cannot listen on 127.0.0.1:{port}" in said and said.count("\n") == 1, (code, said)

    def unusable_data_directory_is_one_clear_line():
        code, _, said = start_by_hand(config=configured(data="/dev/null/data"))
        assert code == 1 and "data directory" in said and said.count("\n") == 1, (code, said)

    def second_process_on_one_directory_is_refused():
        with Node(DEPUTY, CONFIG) as node:
            code, _, said = start_by_hand(config=configured(data=str(node.directory / "data")))
            assert code == 1 and "another process" in said, (code, said)

    def unknown_setting_is_refused_with_a_suggestion():
        code, _, said = start_by_hand(config=configured(more='dataidr = "x"\n'))
        assert code == 2 and "datadir" in said, (code, said)

    def missing_secret_says_what_to_do():
        code, _, said = start_by_hand("--listen", "127.0.0.1:0")
        assert code == 2 and "deputy keygen --kind secret" in said, (code, said)

    def published_sample_secret_is_refused():
        sample = tokens.b64url(b"Some long piece of entropy which is a secret and more than 32 bytes")
        code, _, said = start_by_hand(config=configured().replace('secret = "', f'secret = "{sample}" #'))
        assert code == 2 and "published sample" in said, (code, said)

    def limit_that_would_not_hold_is_refused():
        for arguments in ((), ("--check-config",)):
            code, _, said = start_by_hand(*arguments, config=configured(), TINYCLOUD_SPACES_ALLOWLIST="tinycloud:key:z6:a")
            assert code == 2 and "spaces.allowlist" in said, (code, said)

    def check_config_masks_secrets_and_names_sources():
        code, printed, _ = start_by_hand("--check-config", config=configured(4242), TINYCLOUD_CORS="false")
        assert code == 0 and "4242" in printed and "cors = false" in printed, printed
        assert tokens.b64url(b"deputy end-to-end") not in printed, "the secret was printed"

    def ends_cleanly_on_sigterm():
        with Node(DEPUTY, CONFIG) as node:
            assert node.stop() == 0, node.log_text()


def upload_head(token, length):
    return f"POST /invoke HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n{length}\r\n\r\n".encode()


class Wire:
    def no_token_is_401_on_every_route_that_needs_one():
        with Node(DEPUTY, CONFIG) as node:
            for route in ("/delegate", "/revoke", "/invoke", "/delegation/status"):
                expect(node.request("POST", route, {"Content-Type": "application/json"}, "{}"), 401)
            expect(node.request("POST", "/nowhere"), 404)

    def each_refusal_is_one_log_line_with_its_reason_and_no_token():
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            token = world.ucan(world.stranger, world.stranger.did_key, world.caps("/a", "get"))
            expect(world.post("/invoke", token), 401, "Cannot find parent delegation")
            time.sleep(0.5)  # log lines are written together, behind the answers
            lines = [line for line in node.log_text().splitlines() if "http.refused" in line]
            assert len(lines) == 1 and "missing-parents" in lines[0] and "/invoke" in lines[0], lines
            assert token[:20] not in node.log_text() and world.space not in node.log_text()

    def node_identity_is_derived_from_the_secret():
        with Node(DEPUTY, CONFIG) as node:
            seed = tokens.hashes.blake3(b"deputy end-to-end tests: this secret is publictinycloud/node/identity")
            assert tokens.Key("ed25519", seed).did_key in node.request("GET", "/info").text

    def H7_unadmitted_body_is_never_asked_for():
        """A client that waits for 100 Continue gets its refusal instead."""
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            token = world.ucan(world.stranger, world.stranger.did_key, world.caps("/a", "put"))
            with socket.create_connection(("127.0.0.1", node.port), timeout=10) as raw:
                raw.sendall(upload_head(token, "Content-Length: 1000000000\r\nExpect: 100-continue"))
                answer = raw.recv(4096)
            assert answer.startswith(b"HTTP/1.1 401 "), answer

    def cut_off_upload_stores_nothing():
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            proof = world.sign_in()
            for length in (1000, 1000000):
                token = world.ucan(world.session, world.session.did_key, world.caps("/cut", "put"), proofs=[proof])
                with socket.create_connection(("127.0.0.1", node.port), timeout=10) as raw:
                    raw.sendall(upload_head(token, f"Content-Length: {length}") + b"x" * (length // 2))
                time.sleep(0.2)
                expect(world.invoke(world.session, proof, "cut", "get"), 404)

    def large_value_streams_in_bounded_memory():
        size, part = 64 * 1024 * 1024, bytes(range(256)) * 4096
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            proof = world.sign_in()
            token = world.ucan(world.session, world.session.did_key, world.caps("/large", "put"), proofs=[proof])
            answer = node.request("POST", "/invoke", {"Authorization": token, "Content-Length": str(size)},
                                  iter([part] * (size // len(part))))
            expect(answer, 200)
            got = world.invoke(world.session, proof, "large", "get")
            assert len(got.body) == size and got.body[:len(part)] == part and got.headers["etag"] == answer.headers["etag"]
            status = pathlib.Path(f"/proc/{node.process.pid}/status").read_text()
            peak = int(status.split("VmHWM:")[1].split()[0])
            assert node.sanitized() or peak < 64 * 1024, f"peak of {peak} KiB"

    def chunked_upload_of_unknown_length_is_stored():
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            proof = world.sign_in()
            token = world.ucan(world.session, world.session.did_key, world.caps("/chunks", "put"), proofs=[proof])
            with socket.create_connection(("127.0.0.1", node.port), timeout=10) as raw:
                raw.sendall(upload_head(token, "Transfer-Encoding: chunked") + b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
                assert raw.recv(4096).startswith(b"HTTP/1.1 200 ")
            expect(world.invoke(world.session, proof, "chunks", "get"), 200, "hello world")

    def H16_concurrent_puts_never_meet_an_error():
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            proof = world.sign_in()
            puts = [world.ucan(world.session, world.session.did_key, world.caps(f"/n/{i}", "put"), proofs=[proof]) for i in range(60)]
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                answers = list(pool.map(lambda token: world.post("/invoke", token, "value"), puts))
            assert [answer.status for answer in answers] == [200] * 60, {a.status: a.text for a in answers}
            assert len(tokens.json.loads(world.invoke(world.session, proof, "n/", "list").text)) == 60


def kill_and_restart(node):
    node.process.send_signal(signal.SIGKILL)
    node.process.wait()
    node.start()


class Lasting:
    def everything_acknowledged_survives_kill_and_restart():
        """Values, delegations, used invocations and revocations."""
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            proof = world.sign_in()
            held = world.pass_on(proof, world.caps("/notes/", "get", "put"))
            ended = world.pass_on(proof, world.caps("/other/", "get"))
            put = world.ucan(world.backend, world.backend.did_key, world.caps("/notes/a", "put"), proofs=[held])
            expect(world.post("/invoke", put, "kept"), 200)
            revocation = world.ucan(world.session, world.session.did_key, {"urn:cid:" + ended: {"tinycloud.delegation/revoke": [{}]}})
            expect(world.post("/revoke", revocation), 200)
            read = world.ucan(world.backend, world.backend.did_key, world.caps("/notes/a", "get"), proofs=[held])
            expect(world.post("/invoke", read), 200, "kept")
            time.sleep(0.3)  # a read's own record follows within 100 ms
            kill_and_restart(node)
            expect(world.invoke(world.backend, held, "notes/a", "get"), 200, "kept")
            expect(world.post("/invoke", put, "again"), 409, "duplicate invocation")
            expect(world.post("/invoke", read), 409, "duplicate invocation")
            expect(world.invoke(world.backend, ended, "other/a", "get"), 401, "delegation-revoked: " + ended)

    def strict_replay_holds_for_reads_at_once():
        with Node(DEPUTY, CONFIG + '[global.deputy]\nreplay = "strict"\n') as node:
            world = World(node)
            proof = world.sign_in()
            expect(world.invoke(world.session, proof, "a", "put", "x"), 200)
            read = world.ucan(world.session, world.session.did_key, world.caps("/a", "get"), proofs=[proof])
            expect(world.post("/invoke", read), 200, "x")
            expect(world.invoke(world.session, proof, "", "list"), 200, '["a"]')
            kill_and_restart(node)
            expect(world.post("/invoke", read), 409, "duplicate invocation")

    def D78_reposting_lists_what_is_still_not_hosted():
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            data = world.cacao(world.session.did_url, world.caps("", "get"))
            for _ in range(2):
                answer = tokens.json.loads(world.delegate(data).text)
                assert answer["activated"] == [] and answer["skipped"] == [world.space], answer
            world.host()
            answer = tokens.json.loads(world.delegate(data).text)
            assert answer["activated"] == [] and answer["skipped"] == [], answer

    def R17_revoked_parent_refuses_use_and_children():
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            proof = world.sign_in()
            child = world.pass_on(proof, world.caps("/notes/", "get"))
            expect(world.post("/revoke", tokens.cacao_header(world.cacao("ucan:" + proof, None))), 200)
            expect(world.invoke(world.session, proof, "a", "get"), 401, "delegation-revoked: " + proof)
            expect(world.invoke(world.backend, child, "notes/a", "get"), 401,
                   f"delegation-ancestor-revoked: ancestor={proof} invoked={child}")
            again = world.ucan(world.session, world.backend.did_key, world.caps("/notes/", "get"), proofs=[proof])
            expect(world.delegate(again), 401, "delegation-parent-revoked: " + proof)

    def R16_revoking_again_is_a_yes():
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            child = world.pass_on(world.sign_in(), world.caps("/notes/", "get"))
            for _ in range(2):
                revocation = world.ucan(world.session, world.session.did_key,
                                        {"urn:cid:" + child: {"tinycloud.delegation/revoke": [{}]}})
                for _ in range(2):
                    expect(world.post("/revoke", revocation), 200, f'{{"revoked":true,"cid":"{child}"}}')

    def H21_revocation_of_what_this_node_does_not_know_is_refused():
        """Revocations are a node's own: one for an unknown delegation is not kept for later."""
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            proof = world.sign_in()
            token = world.ucan(world.session, world.backend.did_key, world.caps("/notes/", "get"), 600, [proof])
            child = tokens.cid(token.encode())
            early = world.ucan(world.session, world.session.did_key, {"urn:cid:" + child: {"tinycloud.delegation/revoke": [{}]}})
            expect(world.post("/revoke", early), 403, "Cannot find parent delegation")
            expect(world.delegate(token), 200)
            expect(world.invoke(world.backend, child, "notes/a", "get"), 404)

    def H20_domain_nonce_and_issue_time_are_the_wallets_business():
        """The node takes a sign-in made for any domain; what the user signs shows it."""
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            world.host()
            for domain in ("listen.example", "elsewhere.example:8080"):
                answer = world.delegate(world.cacao(world.session.did_url, world.caps("", "get"), domain=domain))
                expect(answer, 200)

    def I40_write_that_waits_behind_a_revocation_is_refused():
        """Revocations and writes race; whatever is acknowledged first holds for the other."""
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            proof = world.sign_in()
            for turn in range(10):
                child = world.pass_on(proof, world.caps("/race/", "put", "get"))
                puts = [world.ucan(world.backend, world.backend.did_key, world.caps(f"/race/{turn}-{i}", "put"), proofs=[child])
                        for i in range(8)]
                revocation = world.ucan(world.session, world.session.did_key,
                                        {"urn:cid:" + child: {"tinycloud.delegation/revoke": [{}]}})
                with concurrent.futures.ThreadPoolExecutor(9) as pool:
                    writes = [pool.submit(world.post, "/invoke", put, "x") for put in puts]
                    expect(pool.submit(world.post, "/revoke", revocation).result(), 200)
                    answers = [write.result() for write in writes]
                refused = "delegation-revoked: " + child
                assert all(a.status == 200 or a.text == refused for a in answers), [a.text for a in answers]
                expect(world.invoke(world.backend, child, "race/x", "put", "x"), 401, refused)


def with_changed_database(change, check):
    """A session, its delegation to the backend, and a change made to the database while the node is down."""
    with Node(DEPUTY, CONFIG) as node:
        world = World(node)
        proof = world.sign_in()
        child = world.pass_on(proof, world.caps("/notes/", "get"))
        expect(world.invoke(world.backend, child, "notes/a", "get"), 404)
        assert node.stop() == 0
        database = sqlite3.connect(next((node.directory / "data").glob("*.db")))
        change(database, world, proof)
        database.commit()
        database.close()
        node.start()
        check(world, child)


class Database:
    """The database lies outside the trust boundary."""

    def H18_changed_token_bytes_do_not_widen():
        def change(database, world, proof):
            wider = world.ucan(world.session, world.backend.did_key, world.caps("", "get", "put"), 600, [proof])
            changed = database.execute("UPDATE delegation SET bytes = ? WHERE CAST(bytes AS TEXT) LIKE 'ey%'", (wider.encode(),)).rowcount
            assert changed == 1, changed

        def check(world, child):
            expect(world.invoke(world.backend, child, "other", "put", "x"), 500)
            expect(world.invoke(world.backend, child, "notes/a", "get"), 500)

        with_changed_database(change, check)

    def H17_inserted_delegation_that_was_never_admitted_admits_nothing():
        """Validly signed by a stranger, with the owner's delegation as its proof, written straight into the database."""
        cids = []

        def change(database, world, proof):
            forged = world.ucan(world.stranger, world.stranger.did_key, world.caps("", "get", "put"), 600, [proof]).encode()
            digest = tokens.hashes.blake3(forged)
            cids.append(tokens.cid(forged))
            columns = [row[1] for row in database.execute("PRAGMA table_info(delegation)") if row[1] != "id"]
            row = dict(zip(columns, database.execute(f"SELECT {', '.join(columns)} FROM delegation").fetchone()))
            row |= {"digest": digest, "signed_digest": tokens.hashes.blake3(forged.rsplit(b".", 1)[0]), "bytes": forged,
                    "parents": tokens.base64.b32decode(proof[1:].upper() + "======")[4:]}
            database.execute(f"INSERT INTO delegation ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                             [row[name] for name in columns])

        def check(world, _):
            # H22: what the database said is for the log, not for the network
            expect(world.invoke(world.stranger, cids[0], "notes/a", "put", "x"), 500, "database error: unavailable")

        with_changed_database(change, check)

    def H1_signed_digest_that_was_changed_does_not_hide_a_revocation():
        def change(database, world, proof):
            changed = database.execute("UPDATE delegation SET signed_digest = randomblob(32)").rowcount
            assert changed >= 2, changed

        def check(world, child):
            expect(world.invoke(world.backend, child, "notes/a", "get"), 500)

        with_changed_database(change, check)


run([check for group in (Starting, Wire, Lasting, Database) for name, check in vars(group).items() if not name.startswith("_")])
