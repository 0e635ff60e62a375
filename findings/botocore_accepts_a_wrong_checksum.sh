#!/usr/bin/env bash
# botocore 1.44.5 hands out an answer of DynamoDB whose x-amz-crc32 is wrong, as if nothing were, when it is wrong at each of its
# tries: in the standard retry mode the checksum is one more reason to ask again, and the last answer counts whatever it is. Who
# sends a checksum expects an error where it is wrong, as the legacy mode has one (ChecksumError), and as S3's checksums end in
# one. What was damaged on its way is so read as data: here an item that nobody stored.
# Seen: "standard: 3 requests, then an item; adaptive: 3 requests, then an item; legacy: 3 requests, then ChecksumError".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check botocore==1.44.5
"$folder/venv/bin/python" - <<'PY'
import http.server
import threading
import zlib

import botocore.session
from botocore.config import Config

BODY = b'{"Item": {"pk": {"S": "a"}, "balance": {"N": "7"}}}'
requests = []


class DynamoDB(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        requests.append(self.headers["x-amz-target"])
        self.send_response(200)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(BODY)))
        self.send_header("x-amz-crc32", str(zlib.crc32(BODY) ^ 1))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), DynamoDB)
threading.Thread(target=server.serve_forever, daemon=True).start()
seen = []
for mode in ("standard", "adaptive", "legacy"):
    requests.clear()
    client = botocore.session.get_session().create_client(
        "dynamodb", "eu-central-1", endpoint_url=f"http://127.0.0.1:{server.server_address[1]}",
        aws_access_key_id="a", aws_secret_access_key="b", config=Config(retries={"mode": mode, "total_max_attempts": 3}),
    )
    try:
        found = client.get_item(TableName="t", Key={"pk": {"S": "a"}})
        end = "an item" if found.get("Item") else "nothing"
    except Exception as error:
        end = type(error).__name__
    seen.append(f"{mode}: {len(requests)} requests, then {end}")
server.shutdown()
print("; ".join(seen))
assert seen == [
    "standard: 3 requests, then an item",
    "adaptive: 3 requests, then an item",
    "legacy: 3 requests, then ChecksumError",
], seen
PY
