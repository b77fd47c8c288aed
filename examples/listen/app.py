#!/usr/bin/env python3
"""The server of Listen, as far as the transcripts of its users go. It holds no key: it asks `deputy backend` over the Unix socket that
DEPUTY_LOCAL names.

usage: app.py USER keep NAME < transcript | app.py USER show NAME | app.py USER list     (SESSION: the user's, from the page)
"""
import http.client, json, os, socket, sys


class Deputy(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ["DEPUTY_LOCAL"])


def ask(method, path, body=None):
    deputy = Deputy("localhost")
    deputy.request(method, path, body, {"Deputy-Subject": os.environ["SESSION"]})
    answer = deputy.getresponse()
    text = answer.read().decode()
    return text if answer.status < 400 else sys.exit(f"{answer.status} {text}")


user, verb, *name = sys.argv[1:]
values, transcripts = f"/v1/u/{user}/kv", "xyz.tinycloud.listen/transcript/"
if verb == "keep":
    ask("PUT", f"{values}/{transcripts}{name[0]}", sys.stdin.buffer.read())
elif verb == "show":
    sys.stdout.write(ask("GET", f"{values}/{transcripts}{name[0]}"))
else:
    print("\n".join(key.removeprefix(transcripts) for key in json.loads(ask("GET", f"{values}?prefix={transcripts}"))["keys"]))
