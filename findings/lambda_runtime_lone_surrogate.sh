#!/usr/bin/env bash
# awslambdaric 4.2.2, the client by which Lambda's Python talks to the service: from Python 3.12 on it writes answers in UTF-8
# instead of \u escapes, and a text with a lone surrogate, which `json.loads` makes of '"\ud83d"' (an emoji cut in two by whoever
# counts UTF-16), ends the whole process with UnicodeEncodeError: the caller's invocation, and a container that has to start anew.
# With the runtime's words for 3.11 the same answer leaves as an escape. So does the message of an exception with such a text.
# Seen: "3.11: answered; 3.13: the process ended (UnicodeEncodeError)".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: awslambdaric==4.2.2
cat > "$folder/echo.py" <<'PY'
def handler(event, context):
    return {"said": event["name"]}
PY
"$folder/venv/bin/python" - "$folder" <<'PY'
import http.server
import os
import subprocess
import sys
import threading

EVENT = rb'{"name": "\ud83d"}'


def outcome(version):
    answered = threading.Event()

    class RuntimeApi(http.server.BaseHTTPRequestHandler):
        asked = 0

        def do_GET(self):
            RuntimeApi.asked += 1
            if RuntimeApi.asked > 1:  # there is nothing more to do
                answered.wait(30)
                return
            self.send_response(200)
            for name, value in (("Aws-Request-Id", "1"), ("Deadline-Ms", "9999999999999"), ("Invoked-Function-Arn", "arn")):
                self.send_header(f"Lambda-Runtime-{name}", value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(EVENT)))
            self.end_headers()
            self.wfile.write(EVENT)

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()
            if self.path.endswith("/response"):
                answered.set()

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told = {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}", "PATH": os.environ["PATH"],
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{version}", "PYTHONPATH": sys.argv[1],
    }
    with subprocess.Popen(
        [sys.executable, "-m", "awslambdaric", "echo.handler"], env=told, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    ) as process:
        while not answered.wait(0.1) and process.poll() is None:
            pass
        is_answered = answered.is_set()
        process.kill()
        last = process.stderr.read().strip().rpartition("\n")[2].partition(":")[0]
    server.shutdown()
    return f"{version}: {'answered' if is_answered else f'the process ended ({last})'}"


seen = "; ".join(map(outcome, ("3.11", "3.13")))
print(seen)
assert seen == "3.11: answered; 3.13: the process ended (UnicodeEncodeError)", "the behaviour has changed"
PY
