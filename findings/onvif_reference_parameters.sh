#!/usr/bin/env bash
# onvif-zeep-async 4.3.0: `create_pullpoint_manager` renews and pulls at the address of a subscription's reference, and leaves out
# the reference's parameters, which WS-Addressing 1.0 (3.1) has a client send back as headers. A device that tells its subscriptions
# apart by them alone (Axis: one address and `SubscriptionId`) refuses each pull, so the manager starts and no event ever comes.
# Who gives the parameters along as `_soapheaders` is understood.
# Seen: "pulled by the manager: 0 of 1 with the parameter; with headers: 1 of 1".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onvif-zeep-async==4.3.0 zeep==4.3.3
"$folder/venv/bin/python" - <<'PY'
import asyncio
import datetime
import threading
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

from onvif import ONVIFCamera

NAMES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tev="http://www.onvif.org/ver10/events/wsdl" '
    'xmlns:wsa="http://www.w3.org/2005/08/addressing" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" '
    'xmlns:v="http://example.com/vendor"'
)
TIMES = "<{0}:CurrentTime>2026-11-30T12:00:00Z</{0}:CurrentTime><{0}:TerminationTime>2026-11-30T12:10:00Z</{0}:TerminationTime>"
pulls = []


class Device(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        address = f"http://127.0.0.1:{self.server.server_port}/events"
        if b"CreatePullPointSubscription>" in asked or b"CreatePullPointSubscription " in asked:
            reference = f"<wsa:Address>{address}</wsa:Address><wsa:ReferenceParameters><v:Id>7</v:Id></wsa:ReferenceParameters>"
            body = (
                f"<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>{reference}</tev:SubscriptionReference>"
                f"{TIMES.format('wsnt')}</tev:CreatePullPointSubscriptionResponse>"
            )
        else:
            pulls.append(b"vendor" in asked and b">7<" in asked)
            body = f"<tev:PullMessagesResponse>{TIMES.format('tev')}</tev:PullMessagesResponse>"
        answer = f"<s:Envelope {NAMES}><s:Body>{body}</s:Body></s:Envelope>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/soap+xml")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


async def main(port):
    camera = ONVIFCamera("127.0.0.1", port, "viewer", "secret", no_cache=True)
    camera.xaddrs["http://www.onvif.org/ver10/events/wsdl"] = f"http://127.0.0.1:{port}/events"
    manager = await camera.create_pullpoint_manager(datetime.timedelta(minutes=10), lambda: None)
    wanted = {"Timeout": datetime.timedelta(seconds=1), "MessageLimit": 1}
    await manager.get_service().PullMessages(wanted)
    by_manager = list(pulls)
    pulls.clear()
    events = await camera.create_events_service()
    answer = await events.CreatePullPointSubscription({"InitialTerminationTime": "PT600S"})
    headers = [deepcopy(one) for one in answer.SubscriptionReference.ReferenceParameters._value_1]
    await manager.get_service().PullMessages({**wanted, "_soapheaders": headers})
    manager.pause()
    await camera.close()
    return by_manager, list(pulls)


server = ThreadingHTTPServer(("127.0.0.1", 0), Device)
threading.Thread(target=server.serve_forever, daemon=True).start()
by_manager, with_headers = asyncio.run(asyncio.wait_for(main(server.server_port), 60))
server.shutdown()
print(
    f"onvif-zeep-async {version('onvif-zeep-async')}: pulled by the manager: {sum(by_manager)} of {len(by_manager)} with "
    f"the parameter; with headers: {sum(with_headers)} of {len(with_headers)}"
)
assert (by_manager, with_headers) == ([False], [True]), "the behaviour has changed"
PY
