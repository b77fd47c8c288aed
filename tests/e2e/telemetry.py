#!/usr/bin/env python3
"""What a data node lets be seen of itself: metrics on a second listener, trace ids, settings that have no effect.

usage: telemetry.py DEPUTY
"""
import pathlib
import re
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.node import Node, free_port  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.world import CONFIG, World  # noqa: E402

DEPUTY = sys.argv[1]
SAMPLE = re.compile(r'([a-z_]+)(?:\{([a-z]+="[^"\\]*"(?:,[a-z]+="[^"\\]*")*)\})? ([0-9.]+)')


def measured(port):
    return CONFIG + f"[global.telemetry]\nenabled = true\n[global.prometheus]\nport = {port}\n"


def scrape(port, path="/metrics"):
    """All samples: {(name, frozenset of labels): value}. Every line is a comment or a sample."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4"
        text = answer.read().decode()
    samples = {}
    for line in text.splitlines():
        if line.startswith(("# HELP ", "# TYPE ")):
            continue
        name, labels, value = SAMPLE.fullmatch(line).groups()
        key = (name, frozenset(re.findall(r'([a-z]+)="([^"]*)"', labels or "")))
        assert key not in samples, line
        samples[key] = float(value)
    return samples


def scrape_when(port, settled):
    """What is measured follows the answer, and a connection is gone when the node has noticed."""
    limit = time.monotonic() + 10
    while not settled(samples := scrape(port, "/any/path")) and time.monotonic() < limit:
        time.sleep(0.01)
    return samples


def answers(samples):
    return sum(value for (name, _), value in samples.items() if name == "tinycloud_http_request_duration_seconds_count")


def sample(samples, name, **labels):
    return samples.get((name, frozenset(labels.items())), 0)


class Metrics:
    def are_not_there_unless_enabled():
        port = free_port()
        with Node(DEPUTY, CONFIG + f"[global.prometheus]\nport = {port}\n") as node:
            try:
                scrape(port)
            except OSError:
                assert "telemetry" not in node.log_text()
                return
            raise AssertionError("metrics are served")

    def say_what_was_done_and_how_long_it_took():
        port = free_port()
        with Node(DEPUTY, measured(port)) as node:
            world = World(node)
            proof = world.sign_in()
            before = scrape_when(port, lambda samples: sample(samples, "deputy_connections") == 0)
            put = world.ucan(world.session, world.session.did_key, world.caps("/a", "put"), proofs=[proof])
            expect(world.post("/invoke", put, "value"), 200)
            expect(world.post("/invoke", put, "value"), 409)
            late = world.ucan(world.session, world.session.did_key, world.caps("/a", "get"), seconds=-60, proofs=[proof])
            expect(world.post("/invoke", late), 401)
            expect(node.request("GET", "/nowhere/secret-name"), 404)
            after = scrape_when(port, lambda samples: answers(samples) == answers(before) + 4)

            def grown(name, **labels):
                return sample(after, name, **labels) - sample(before, name, **labels)

            duration = "tinycloud_http_request_duration_seconds"
            assert grown(duration + "_count", method="POST", route="/invoke", status="200") == 1
            assert grown(duration + "_count", method="POST", route="/invoke", status="409") == 1
            assert grown(duration + "_count", method="POST", route="/invoke", status="401") == 1
            assert grown(duration + "_count", method="GET", route="<unmatched>", status="404") == 1
            assert grown("tinycloud_authorized_invoke_duration_seconds_count", action="tinycloud.kv/put") == 1
            assert grown("tinycloud_authorization_duration_seconds_count", request="invoke") == 3
            assert sample(after, "tinycloud_authorization_duration_seconds_count", request="delegate") >= 1
            assert grown("tinycloud_replay_rows_inserted_total") == 1
            assert grown("tinycloud_replay_rows_conflicted_total") == 1
            assert grown("tinycloud_invocation_time_rejections_total", kind="expired") == 1
            assert sample(after, duration + "_bucket", method="POST", route="/invoke", status="200", le="+Inf") >= 1
            assert not any("secret-name" in str(key) for key in after), "a path is a label"

    def listen_beside_the_node_and_not_on_its_port():
        port = free_port()
        with Node(DEPUTY, measured(port)) as node:
            expect(node.request("GET", "/metrics"), 404)
            samples = scrape_when(port, lambda samples: sample(samples, "deputy_connections") == 0)
            assert sample(samples, "deputy_connections") == 0
            assert f"telemetry.listening address=127.0.0.1:{port}" in node.log_text()
            assert node.stop() == 0, node.log_text()

    def port_in_use_prevents_the_start():
        with Node(DEPUTY, CONFIG) as first:
            second = Node(DEPUTY, measured(first.port))
            try:
                second.start()
            except RuntimeError as error:
                assert "cannot listen" in str(error) and str(first.port) in str(error), error
            finally:
                second.stop()


class Traces:
    def are_zeros_when_off():
        with Node(DEPUTY, CONFIG) as node:
            assert node.request("GET", "/healthz").headers["tinycloud-trace-id"] == "0" * 32
            assert "trace=" not in node.log_text()

    def have_an_id_each_that_the_log_knows():
        with Node(DEPUTY, CONFIG + '[global.log.tracing]\nenabled = true\ntraceheader = "X-Trace"\n') as node:
            answers = [node.request("GET", path) for path in ("/healthz", "/nowhere", "/info")] + [node.request("POST", "/invoke")]
            ids = [answer.headers["x-trace"] for answer in answers]
            assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids) and len(set(ids)) == len(ids), ids
            assert node.stop() == 0  # a line is written behind its answer
            lines = node.log_text().splitlines()
            assert all(any(line.endswith("trace=" + each) for line in lines) for each in ids), lines


class Settings:
    def that_do_nothing_are_named_once():
        more = '[global.database]\nmax_connections = 7\n'
        with Node(DEPUTY, CONFIG + more, environment={"TINYCLOUD_DEPUTY__AUDIT": "strict"}) as node:
            idle = [line.split("setting=")[1] for line in node.log_text().splitlines() if "setting.without-effect" in line]
            assert idle == ["database.max_connections", "deputy.audit"], idle

    def that_would_put_values_elsewhere_are_refused():
        node = Node(DEPUTY, CONFIG + '[global.storage.blocks]\ntype = "s3"\n')
        try:
            node.start()
            raise AssertionError("it started")
        except RuntimeError as error:
            assert "storage.blocks.type" in str(error), error
        finally:
            node.stop()


if __name__ == "__main__":
    run([check for group in (Metrics, Traces, Settings) for check in vars(group).values() if callable(check)])
