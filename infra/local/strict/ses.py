"""SES's own word on configuration sets: a mail that names one which is not there is refused. moto does not look."""

import json
from collections.abc import Callable

from moto.ses.exceptions import NotFoundException
from moto.sesv2.responses import SESV2Response


def sending(original: Callable[[SESV2Response], str]) -> Callable[[SESV2Response], str]:
    def send_email(self: SESV2Response) -> str:
        """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html"""
        name = json.loads(self.body).get("ConfigurationSetName")
        if name is not None and name not in self.sesv2_backend.core_backend.config_sets:
            raise NotFoundException(f"Configuration set <{name}> does not exist.")
        return original(self)

    return send_email
