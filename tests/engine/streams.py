"""What changed in a table, read as a poller of its stream reads it: one shard, whose iterators never end."""

from __future__ import annotations

from tests.engine.refusals import Refusal, not_found
from tests.engine.requests import Json, Operation, Request, operation
from tests.engine.tables import Stream, Table

_SHARD = "shardId-00000000000000000001-00000001"


def _describe_stream(request: Request) -> Json:
    table, stream = _streaming(request, request.asked["StreamArn"])
    shard = {"ShardId": _SHARD, "SequenceNumberRange": {"StartingSequenceNumber": f"{0:021d}"}}
    return {
        "StreamDescription": {
            "StreamArn": stream.arn,
            "StreamLabel": stream.arn.rpartition("/")[2],
            "StreamStatus": "ENABLED",
            "StreamViewType": stream.view,
            "TableName": table.name,
            "Shards": [] if request.asked.get("ExclusiveStartShardId") == _SHARD else [shard],
        }
    }


def _list_streams(request: Request) -> Json:
    wanted = request.asked.get("TableName")
    found = [one for one in request.tables.values() if one.stream and wanted in (None, one.name)]
    return {
        "Streams": [
            {"StreamArn": one.stream.arn, "TableName": one.name, "StreamLabel": one.stream.arn.rpartition("/")[2]}
            for one in found
            if one.stream
        ]
    }


def _get_shard_iterator(request: Request) -> Json:
    asked = request.asked
    _, stream = _streaming(request, asked["StreamArn"])
    if asked["ShardId"] != _SHARD:
        raise not_found(f"Shard: {asked['ShardId']}")
    kind, number = asked["ShardIteratorType"], asked.get("SequenceNumber", "")
    if kind.endswith("_SEQUENCE_NUMBER"):
        place = int(number) + (kind == "AFTER_SEQUENCE_NUMBER")
    else:
        place = {"TRIM_HORIZON": stream.begin, "LATEST": stream.end}[kind]
    return {"ShardIterator": f"{stream.arn}|{place}"}


def _get_records(request: Request) -> Json:
    arn, _, place = request.asked["ShardIterator"].rpartition("|")
    _, stream = _streaming(request, arn)
    first = int(place) - stream.begin
    if first < 0:
        raise Refusal("TrimmedDataAccessException", "The operation attempted to read past the oldest stream record")
    records = stream.records[first : first + request.asked.get("Limit", 1000)]
    return {"Records": records, "NextShardIterator": f"{arn}|{int(place) + len(records)}"}


def _streaming(request: Request, arn: str) -> tuple[Table, Stream]:
    for table in request.tables.values():
        if table.stream is not None and table.stream.arn == arn:
            return table, table.stream
    raise not_found(f"Stream: {arn} not found")


OPERATIONS: dict[str, Operation] = {
    "DescribeStream": operation(_describe_stream, "StreamArn", "ExclusiveStartShardId Limit"),
    "ListStreams": operation(_list_streams, "", "TableName Limit"),
    "GetShardIterator": operation(_get_shard_iterator, "StreamArn ShardId ShardIteratorType", "SequenceNumber"),
    "GetRecords": operation(_get_records, "ShardIterator", "Limit"),
}
