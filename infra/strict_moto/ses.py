"""SES's own word on configuration sets: a mail that names one which is not there is refused. moto does not look."""

import json
from typing import Any

from moto.ses.exceptions import NotFoundException
from moto.sesv2.models import SESV2Backend
from moto.sesv2.responses import SESV2Response


def looking(original: Any) -> property:
    """The backend that answers a request, when it was seen that what a mail names is there. It stands in for the
    property, since others watch `send_email` itself, and this layer may be set aside under them."""

    def backend(self: SESV2Response) -> SESV2Backend:
        """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html"""
        found: SESV2Backend = original.fget(self)
        sent = json.loads(self.body) if self.body else {}
        name = sent.get("ConfigurationSetName")
        if "Content" in sent and name is not None and name not in found.core_backend.config_sets:
            raise NotFoundException(f"Configuration set <{name}> does not exist.")
        return found

    return property(backend)
