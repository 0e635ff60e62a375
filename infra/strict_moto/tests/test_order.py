"""One call at a time: races have one winner, and a test may choose who goes first."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import moto.dynamodb.comparisons
import moto.dynamodb.models
import moto.dynamodb.models.table
import pytest
from botocore.exceptions import ClientError

from .. import Call, StrictAWS, writes
from .scene import ON_MOTO, client, key, make_table, read

PATIENCE = 0.1


def in_threads(*jobs: Callable[[], Any]) -> None:
    threads = [threading.Thread(target=job, name=f"client-{number}") for number, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)


@pytest.fixture
def at_every_condition(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Something to be done between a condition's evaluation and the write that depends on it."""

    def arrange(deed: Callable[[], None]) -> None:
        evaluate = moto.dynamodb.comparisons.get_filter_expression

        class Disturbed:
            def __init__(self, condition: Any) -> None:
                self._condition = condition

            def expr(self, item: Any) -> bool:
                holds = bool(self._condition.expr(item))
                deed()
                return holds

        for module in (moto.dynamodb.models, moto.dynamodb.models.table, writes):
            monkeypatch.setattr(module, "get_filter_expression", lambda *given: Disturbed(evaluate(*given)))

    return arrange


def test_two_conditional_puts_at_once_have_one_winner(strict_or_bare: Any, at_every_condition: Any) -> None:
    make_table()
    meeting = threading.Barrier(2)

    def meet() -> None:
        # Broken when the other one was not let in, which is the point.
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(PATIENCE)

    at_every_condition(meet)
    won: list[str] = []

    def claim(name: str) -> None:
        item = {**key("a"), "by": {"S": name}}
        with contextlib.suppress(ClientError):
            client("dynamodb").put_item(TableName="Things", Item=item, ConditionExpression="attribute_not_exists(pk)")
            won.append(name)

    in_threads(lambda: claim("ada"), lambda: claim("bob"))
    assert len(won) == 1


@ON_MOTO
def test_a_cancelled_transaction_leaves_what_others_wrote(strict_or_bare: Any, at_every_condition: Any) -> None:
    dynamodb = make_table()
    started: list[threading.Thread] = []

    def another_writes() -> None:
        if started:
            return
        started.append(threading.Thread(target=dynamodb.put_item, kwargs={"TableName": "Things", "Item": key("other")}))
        started[0].start()
        started[0].join(PATIENCE)

    at_every_condition(another_writes)
    check = {"TableName": "Things", "Key": key("a"), "ConditionExpression": "attribute_exists(pk)"}
    with pytest.raises(ClientError):
        dynamodb.transact_write_items(TransactItems=[{"ConditionCheck": check}])
    started[0].join()
    assert read("other") is not None


def test_many_threads_lose_no_increment(strict_aws: StrictAWS) -> None:
    dynamodb = make_table()

    def increment() -> None:
        for _ in range(25):
            dynamodb.update_item(
                TableName="Things",
                Key=key("counter"),
                UpdateExpression="ADD hits :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    in_threads(*[increment] * 8)
    found = read("counter")
    assert found is not None and found["hits"] == {"N": "200"}


@pytest.mark.parametrize("order", [["client-0", "client-1"], ["client-1", "client-0"]])
def test_a_test_can_choose_which_client_goes_first(strict_aws: StrictAWS, order: list[str]) -> None:
    make_table()
    second_may_go = threading.Event()

    def before_call(thread: str, call: Call) -> None:
        if thread == order[1]:
            assert second_may_go.wait(5)

    def put(name: str) -> None:
        client("dynamodb").put_item(TableName="Things", Item={**key("a"), "by": {"S": name}})
        second_may_go.set()

    strict_aws.order_by(before_call)
    in_threads(lambda: put("client-0"), lambda: put("client-1"))
    strict_aws.order_by(None)
    assert [call.thread for call in strict_aws.trace if call.operation == "PutItem"] == order
    found = read("a")
    assert found is not None and found["by"] == {"S": order[1]}


def test_only_one_strict_layer_is_on_at_a_time(strict_aws: StrictAWS) -> None:
    with pytest.raises(RuntimeError), StrictAWS():
        pass
