#!/usr/bin/env bash
# Django 6.1.3 (CPython's email.message.EmailMessage below it, 3.6 to 3.13): a List-Unsubscribe header whose address makes the line
# longer than 78 characters leaves as RFC 2047 encoded words, `=?utf-8?q?=3Chttps=3A//…?=`, though it is plain ASCII. Encoded words
# stand for text and comments only; an address between angle brackets is neither, so a mail program that looks for `<https://` (RFC
# 2369, RFC 8058) finds none, and the one-click button that large receivers ask for is gone, without an error anywhere. A signed
# token is always that long. Django 5.2 broke the line before the address and left it whole, so it is an update that does it;
# with a policy whose max_line_length is 0 or 998 the header stays as it was given.
# Seen: "Django 5.2.8: <https://; Django 6.1.3: =?utf-8?q; a short address: <https://; max_line_length 998: <https://".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/compose.py" <<'PY'
import sys
from email.message import EmailMessage
from email.policy import SMTP

import django
from django.conf import settings
from django.core.mail import EmailMessage as Mail

settings.configure()
SHORT = "<https://cloud.example/u?t=Zm9v>"
LONG = "<https://api.camera-cloud.example/newsletter/unsubscribe?token=" + "Zm9vYmFyYmF6cXV4" * 3 + ">"


def starts(raw: bytes) -> str:
    """What a mail program finds behind the header's name, a folded line's blanks aside."""
    header = raw.replace(b"\r\n", b"\n").split(b"List-Unsubscribe:")[1]
    return header.decode("ascii").split()[0]


def by_django(address: str) -> str:
    mail = Mail("News", "Hello", "a@sender.example", ["b@reader.example"], headers={"List-Unsubscribe": address})
    return starts(mail.message().as_bytes())[:9]


if sys.argv[1] == "only":
    print(f"Django {django.__version__}: {by_django(LONG)}")
else:
    wide = EmailMessage(policy=SMTP.clone(max_line_length=998))
    wide["List-Unsubscribe"] = LONG
    print(f"Django {django.__version__}: {by_django(LONG)}; a short address: {by_django(SHORT)}; "
          f"max_line_length 998: {starts(wide.as_bytes())[:9]}")
PY
# Django 6 wants Python 3.12 or later.
for python in python3.14 python3.13 python3.12 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[234]*/bin/python; do
    "$python" -c "" 2>/dev/null && break
done
for version in 5.2.8 6.1.3; do
    "$python" -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "django==$version"
done
said="$("$folder/5.2.8/bin/python" "$folder/compose.py" only); $("$folder/6.1.3/bin/python" "$folder/compose.py" all)"
echo "$said"
test "$said" = "Django 5.2.8: <https://; Django 6.1.3: =?utf-8?q; a short address: <https://; max_line_length 998: <https://"
