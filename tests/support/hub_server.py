"""A model hub for tests, on 127.0.0.1: serves FOLDER/models/ORG/NAME and FOLDER/datasets/ORG/NAME as repositories with one
commit, branch main, by the hub's API. Prints its port, then serves until its standard input ends.

    hub_server.py FOLDER LOG [FAULT...]

Files of 1000 bytes or more are "LFS" files: named by their SHA-256 and served by a redirection to another host name. LOG gets a line
a request: METHOD PATH RANGE TOKEN. Faults:
    cut=N         every answer with a file's bytes ends after N of them, and the connection with it
    cut-once=N    the first that is longer
    slow=N        N bytes every 20 ms
    no-range      Range headers are ignored
    wrong-hash    the list names other digests than the files have
    no-hash       the list has no digests; only questions about a file are answered with them
    status=C*N    the first N requests are answered with status C (503*2)
    after=S       with those, Retry-After: S
    gated         files want the token "good"; others get 401 or 403
    private       everything does
    answer=TEXT   the API answers TEXT, whatever it is
    name=PATH     the list has one more file, of this name
    extra         more bytes come than the list says
"""
import hashlib
import json
import os
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = hashlib.sha1(b"the only commit").hexdigest()


def digest(content):
    if len(content) >= 1000:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    @property
    def faults(self):
        return self.server.faults

    def note(self):
        token = self.headers.get("Authorization", "-").replace(" ", "_")
        with self.server.lock, open(self.server.log, "a", encoding="utf-8") as log:
            log.write(f"{self.command} {self.path} {self.headers.get('Range', '-')} {token}\n")

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refused(self):
        """An injected status, or one for want of a token."""
        with self.server.lock:
            if self.server.refusals > 0:
                self.server.refusals -= 1
                status = self.server.refusal
                after = {"Retry_After": self.faults["after"]} if "after" in self.faults else {}
            else:
                status, after = 0, {}
        if status:
            self.answer(status, b"busy", **after)
        return status != 0

    def lacks_token(self, code):
        token = self.headers.get("Authorization")
        if token == "Bearer good":
            return False
        self.answer(403 if token else 401, b"{}", X_Error_Code=code, X_Error_Message="Access to this is restricted")
        return True

    def repository(self, parts):
        kind, parts = ("datasets", parts[1:]) if parts[:1] == ["datasets"] else ("models", parts)
        folder = os.path.join(self.server.folder, kind, *parts[:2])
        return (folder if len(parts) > 1 and os.path.isdir(folder) else None), parts[2:]

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.note()
        if self.refused():
            return
        parts = [urllib.parse.unquote(part) for part in urllib.parse.urlsplit(self.path).path.strip("/").split("/")]
        if parts[0] == "cdn":  # where redirections lead: bytes alone, and no token may come along
            if "Authorization" in self.headers:
                self.answer(400, b"a token for another host")
                return
            self.content(os.path.join(self.server.folder, *parts[1:]))
            return
        if "private" in self.faults and self.lacks_token("RepoNotFound"):
            return
        if parts[0] == "api":
            kind, parts = parts[1], parts[2:]
            folder, rest = self.repository([kind] + parts if kind == "datasets" else parts)
            self.api(folder, rest)
        else:
            self.resolve(*self.repository(parts))

    def api(self, folder, rest):
        if "answer" in self.faults:
            self.answer(200, self.faults["answer"].encode())
        elif folder is None:
            self.answer(404, b'{"error":"Repository not found"}', X_Error_Code="RepoNotFound")
        elif len(rest) < 2 or rest[1] not in ("main", "refs/pr/1", COMMIT):
            self.answer(404, b'{"error":"Invalid rev id"}', X_Error_Code="RevisionNotFound")
        elif rest[0] == "tree":  # what huggingface_hub asks
            tree = [{"type": "file", "path": e["rfilename"], "size": e["size"], "oid": e["blobId"],
                     **({"lfs": {"oid": e["lfs"]["sha256"], "size": e["size"], "pointerSize": 133}} if "lfs" in e else {})}
                    for e in self.siblings(folder)]
            self.answer(200, json.dumps(tree).encode(), Content_Type="application/json")
        else:
            body = {"id": "x", "sha": COMMIT, "gated": "gated" in self.faults, "siblings": self.siblings(folder)}
            self.answer(200, json.dumps(body).encode(), Content_Type="application/json")

    def siblings(self, folder):
        found = []
        for place, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(place, name)
                with open(path, "rb") as file:
                    content = file.read()
                entry = {"rfilename": os.path.relpath(path, folder)}
                if "no-hash" not in self.faults:
                    value = digest(content + b"!" if "wrong-hash" in self.faults else content)
                    entry["size"] = len(content)
                    entry["blobId"] = digest(content) if len(content) < 1000 else "0" * 40
                    if len(content) >= 1000:
                        entry["lfs"] = {"sha256": value, "size": len(content), "pointerSize": 133}
                found.append(entry)
        if "name" in self.faults:
            found.append({"rfilename": self.faults["name"], "size": 1, "blobId": "0" * 40})
        return found

    def resolve(self, folder, rest):
        if folder is None or rest[:1] != ["resolve"]:
            self.answer(404, b"", X_Error_Code="RepoNotFound")
            return
        path = os.path.join(folder, *rest[2:])
        if not os.path.isfile(path):
            self.answer(404, b"", X_Error_Code="EntryNotFound")
            return
        if "gated" in self.faults and self.lacks_token("GatedRepo"):
            return
        with open(path, "rb") as file:
            content = file.read()
        if len(content) < 1000 and self.command == "GET":
            self.content(path)
            return
        known = {"X_Repo_Commit": COMMIT, "ETag": f'"{digest(content)}"'}
        if len(content) < 1000:
            self.answer(200, content, **known)
            return
        place = urllib.parse.quote(os.path.relpath(path, self.server.folder))
        self.answer(302, b"", Location=f"http://localhost:{self.server.server_port}/cdn/{place}",
                    X_Linked_Etag=f'"{digest(content)}"', X_Linked_Size=str(len(content)), **known)

    def content(self, path):
        with open(path, "rb") as file:
            content = file.read()
        if "extra" in self.faults:
            content += b"more"
        asked = self.headers.get("Range", "")
        begin = 0
        if asked.startswith("bytes=") and "no-range" not in self.faults:
            begin = int(asked[6:].split("-")[0])
            if begin >= len(content):
                self.answer(416, b"", Content_Range=f"bytes */{len(content)}")
                return
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        if self.command != "HEAD":
            self.pour(content[begin:])

    def pour(self, content):
        limit = self.limit(len(content))
        step = int(self.faults.get("slow", 0)) or 1 << 20
        try:
            for at in range(0, min(limit, len(content)), step):
                self.wfile.write(content[at:min(at + step, limit)])
                self.wfile.flush()
                if "slow" in self.faults:
                    time.sleep(0.02)
        except OSError:
            limit = 0
        if limit < len(content):
            self.close_connection = True

    def limit(self, size):
        with self.server.lock:
            if size > int(self.faults.get("cut-once", 1 << 62)):
                return int(self.faults.pop("cut-once"))
        return int(self.faults.get("cut", 1 << 62))


def main():
    folder, log, *faults = sys.argv[1:]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.daemon_threads = True
    server.folder, server.log, server.lock = folder, log, threading.Lock()
    server.faults = dict(fault.split("=", 1) if "=" in fault else (fault, "") for fault in faults)
    status, _, times = server.faults.get("status", "0").partition("*")
    server.refusal, server.refusals = int(status), int(times or 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
