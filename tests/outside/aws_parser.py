"""Gives commands to the AWS CLI's own parser, in its own environment: `python aws_parser.py`, JSON lines in and out.

What a command asks for is validated by botocore's models as it is before it is sent, and then it is not sent.
"""

import contextlib
import io
import json
import sys
from types import SimpleNamespace

from awscli.clidriver import create_clidriver


def parsed(words):
    """`{"code": the CLI's, "said": its words, "asked": the API's operations}`."""
    asked = []

    def instead_of_sending(model, params, **kwargs):
        asked.append(f"{model.service_model.service_name}:{model.name}")
        waited_for = {
            "DescribeTable": {"Table": {"TableStatus": "ACTIVE"}},
            "DescribeCertificate": {"Certificate": {"DomainValidationOptions": [{"ValidationStatus": "SUCCESS"}]}},
        }
        return SimpleNamespace(status_code=200, headers={}), waited_for.get(model.name, {})

    driver = create_clidriver()
    driver.session.register("before-call", instead_of_sending)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = driver.main(words)
        except SystemExit as ended:
            code = ended.code
    return {"code": code, "said": said.getvalue()[-2000:], "asked": asked}


for line in sys.stdin:
    print(json.dumps(parsed(json.loads(line))), flush=True)
