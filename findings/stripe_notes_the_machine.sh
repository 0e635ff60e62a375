#!/usr/bin/env bash
# stripe 16.1.0 (Python): the first request that a process makes writes a random number of this machine into the home folder
# (~/.config/stripe/telemetry_id) and sends it, with the operating system's name and version, in a header of every request; so
# somebody's laptop, container or function is known again at Stripe, whichever of its accounts is asked, and a home that cannot be
# written is the only thing that prevents it. `stripe.enable_telemetry = False`, which says that it is about how long requests
# take, prevents both, if it is set before the first request.
# Seen: "telemetry_id in a file and in the header, and the platform; with enable_telemetry = False: neither".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: stripe==16.1.0
cat > "$folder/ask.py" <<'PY'
import http.server
import json
import sys
import threading

import stripe

seen = []


class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        seen.append(json.loads(self.headers["X-Stripe-Client-User-Agent"]))
        body = b'{"id": "pi_1", "object": "payment_intent"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=server.serve_forever, daemon=True).start()
stripe.enable_telemetry = sys.argv[1] == "on"
base = {"api": f"http://127.0.0.1:{server.server_port}"}
stripe.StripeClient("sk_test_1", base_addresses=base).v1.payment_intents.retrieve("pi_1")
print(json.dumps(sorted({"telemetry_id", "platform"} & seen[0].keys())))
PY
for switch in on off; do
    mkdir "$folder/$switch"
    said=$(env -u XDG_CONFIG_HOME HOME="$folder/$switch" "$folder/venv/bin/python" "$folder/ask.py" "$switch")
    written=$(cd "$folder/$switch" && find . -type f)
    echo "telemetry $switch: in the header $said, written [${written}]"
done
