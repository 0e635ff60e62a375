"""The toy's one house: a route, listeners, jobs and operations that remember what they were told."""

import os
import time
from collections import Counter
from typing import Any

import boto3
from chalice import Blueprint, Cron, Rate, Response

from chalicelib.errors import Conflict

house = Blueprint("tests.infra.toycloud.house")
told: list[Any] = []  # what the functions were called with, oldest first
failing: set[str] = set()  # what they cannot stand today
fired: Counter[str] = Counter()


class AlreadyGreeted(Conflict):
    pass


def forget() -> None:
    told.clear()
    failing.clear()
    fired.clear()


def client(service: str) -> Any:
    return boto3.client(service)


def put(pk: str, **attributes: Any) -> None:
    client("dynamodb").put_item(
        TableName=os.environ["ITEMS_TABLE"], Item={"pk": {"S": pk}, "sk": {"S": "-"}, **attributes}
    )


@house.route("/things/{thing}", methods=["PUT"])
def put_thing(thing: str) -> dict[str, str]:
    put(thing)
    return {"thing": thing}


@house.route("/payments/sandbox", methods=["POST"])
def on_payment() -> Response:
    request = house.current_request
    return Response({"signed": request.headers["x-signature"], "body": request.json_body}, status_code=202)


@house.route("/print", methods=["POST"])
def print_something() -> dict[str, str]:
    print("a word from the view")
    return {}


@house.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:Pictures", batch_size=10)
def on_picture_uploaded(event: Any) -> None:
    told.append(event.to_dict())


@house.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:Films", batch_size=10)
def on_film_uploaded(event: Any) -> None:
    told.append(event.to_dict())
    if "films" in failing:
        raise RuntimeError("no film today")


@house.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:Orders", batch_size=3)
def on_order_changed(event: Any) -> dict[str, Any]:
    told.append(event.to_dict())
    records = event.to_dict()["Records"]
    if any(record["body"] == "poison" for record in records):
        raise RuntimeError("poison")
    failed = [record["messageId"] for record in records if record["body"] in failing]
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}


@house.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:us-east-1:000000000000:table/Items/stream/placeholder", batch_size=4
)
def on_item_changed(event: Any) -> dict[str, Any]:
    told.append(event.to_dict())
    records = [record["dynamodb"] for record in event.to_dict()["Records"]]
    failed = [record["SequenceNumber"] for record in records if record["Keys"]["pk"]["S"] in failing]
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}


@house.schedule(Rate(5, unit=Rate.MINUTES))
def sweep_often(event: Any) -> None:
    fired["sweep_often"] += 1


@house.schedule(Rate(1, unit=Rate.HOURS))
def sweep_hourly(event: Any) -> None:
    fired["sweep_hourly"] += 1
    told.append(event.to_dict())
    if "sweep_hourly" in failing:
        raise RuntimeError("cannot sweep")


@house.schedule(Cron(30, 3, "*", "*", "?", "*"))
def sweep_daily(event: Any) -> dict[str, float]:
    fired["sweep_daily"] += 1
    return {"at": time.time()}


@house.lambda_function()
def greet(event: Any, context: Any) -> Any:
    if event.get("again"):
        raise AlreadyGreeted
    return {"greeting": f"hello {event['name']}", "by": context.function_name}
