"""The engine: one request after another, each answered whole."""

from __future__ import annotations

import threading
from http import HTTPStatus

from moto.core.exceptions import JsonRESTError

from infra.strict_moto.transactions import Tokens
from infra.strict_moto.validations import decode
from tests.engine import making, reads, streams, writes
from tests.engine.items import as_json
from tests.engine.meter import Meter
from tests.engine.refusals import Refusal, of_the_layer
from tests.engine.requests import Json, Request
from tests.engine.tables import Table

OPERATIONS = {**making.OPERATIONS, **reads.OPERATIONS, **writes.OPERATIONS, **streams.OPERATIONS}


class Engine:
    """`where` is the region and account that its tables' names bear."""

    def __init__(self, where: str = "eu-central-1:000000000000") -> None:
        self.tables: dict[str, Table] = {}
        self.meter = Meter()
        self._where = where
        self._tokens = Tokens()
        self._lock = threading.Lock()

    def answer(self, target: str, body: bytes) -> tuple[int, str]:
        """The status and the body for one request; `target` is its X-Amz-Target."""
        name = target.rpartition(".")[2]
        try:
            with self._lock:
                return HTTPStatus.OK, as_json(self._perform(name, decode(body)))
        except Refusal as refusal:
            return HTTPStatus.BAD_REQUEST, refusal.body()
        except JsonRESTError as error:
            return HTTPStatus.BAD_REQUEST, of_the_layer(error).body()

    def _perform(self, name: str, asked: Json) -> Json:
        if name not in OPERATIONS:
            raise Refusal("UnknownOperationException", f"{name} is not played here")
        OPERATIONS[name].check(asked)
        request = Request(asked, self.tables, self._where)
        try:
            answer = self._once(name, request)
        finally:
            self.meter.add(name, request.bill)
        if asked.get("ReturnConsumedCapacity", "NONE") == "NONE":
            return answer
        consumed = request.bill.told()
        return {**answer, "ConsumedCapacity": consumed if name.startswith(("Batch", "Transact")) else consumed[0]}

    def _once(self, name: str, request: Request) -> Json:
        """A transaction that was done under its token is not done again."""
        token = request.asked.get("ClientRequestToken")
        if token and self._tokens.is_done(token, request.asked):
            writes.repeat(request)
            return {}
        answer = OPERATIONS[name].perform(request)
        if token:
            self._tokens.remember(token, request.asked)
        return answer
