#!/usr/bin/env bash
# onvif-zeep-async 4.3.0: `onvif.util.is_auth_error`, by which a client tells a wrong password from any other refusal, raises
# TypeError itself for a SOAP fault whose Reason is missing. SOAP 1.2 requires one, firmware leaves it out; zeep then gives the fault no
# message, and the look for "auth" in it begins by adding text to None. Whoever asks in an `except` clause loses the fault, and
# with it the task that asked. A fault with a Reason is answered as it should be.
# Seen: "with a reason: True; without: TypeError".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onvif-zeep-async==4.3.0 zeep==4.3.3
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

from lxml import etree
from onvif.util import is_auth_error
from zeep.exceptions import Fault

detail = etree.fromstring("<detail/>")
with_reason = is_auth_error(Fault("Sender not authorized", code="s:Sender", detail=detail))
try:
    without = str(is_auth_error(Fault(None, code="s:Receiver", detail=None)))
except TypeError:
    without = "TypeError"
print(f"onvif-zeep-async {version('onvif-zeep-async')}: with a reason: {with_reason}; without: {without}")
assert (with_reason, without) == (True, "TypeError"), "the behaviour has changed"
PY
