"""All of moto's state taken and put back in milliseconds, by pickling it with the bulk of it shared.

Shared is what never changes after it is written: items, stream records, the bytes of S3 objects, KMS private keys.
Everything else is pickled, so a snapshot cannot be touched by what happens after it, not even by the end of the layer.
"""

import io
import pickle
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from moto.core.base_backend import BackendDict
from moto.dynamodb.models.table import RestoredPITTable, RestoredTable, StreamShard, Table
from moto.kms.utils import ECDSAPrivateKey, RSAPrivateKey
from moto.moto_api._internal import mock_random
from moto.s3.models import FakeKey, s3_backends

# IAM's managed policies are thousands of objects that nothing here ever changes.
LEFT_ALONE = {"iam"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    pickled: bytes
    shared: list[Any]
    services: list[Any]
    randomness: Any


class _Shared:
    """Stands in the pickle for something that lies beside it."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing


# What the snapshot being restored has beside it; restoring happens under the one lock.
_beside: list[Any] = []


def _fetch(index: int) -> Any:
    return _thawed(_beside[index])


def _frozen(thing: Any) -> Any:
    """A copy of the containers, not of what is in them: items and stream records never change."""
    if isinstance(thing, list):
        return list(thing)
    if isinstance(thing, dict):
        return type(thing)(thing) if not hasattr(thing, "default_factory") else thing.copy()
    return thing


def _thawed(thing: Any) -> Any:
    return _frozen_table(thing) if isinstance(thing, dict) else _frozen(thing)


def _frozen_table(items: dict[Any, Any]) -> dict[Any, Any]:
    copied = items.copy()
    for key, values in copied.items():
        if isinstance(values, dict):
            copied[key] = values.copy()
    return copied


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, shared: list[Any]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._shared = shared
        self._reducers: dict[type, Callable[[Any], Any]] = {
            _Shared: self._share,
            Table: _reduce_table,
            RestoredTable: _reduce_table,
            RestoredPITTable: _reduce_table,
            StreamShard: _reduce_shard,
            FakeKey: _reduce_key,
            RSAPrivateKey: self._share_itself,
            ECDSAPrivateKey: self._share_itself,
            FunctionType: self._share_local_function,
            type(threading.Lock()): lambda _: (threading.Lock, ()),
            type(threading.RLock()): lambda _: (threading.RLock, ()),
            threading.Condition: lambda _: (threading.Condition, ()),
        }

    def reducer_override(self, thing: Any) -> Any:
        reduce = self._reducers.get(type(thing))
        if reduce is None and isinstance(thing, dict) and type(thing) not in _PLAIN_DICTS:
            reduce = _reduce_dict
        return reduce(thing) if reduce else NotImplemented

    def _share_local_function(self, function: Any) -> Any:
        """The factory of a defaultdict, as a rule; one that knows a backend would bring the old one back."""
        if "<locals>" not in function.__qualname__ or function.__closure__:
            return NotImplemented
        return self._share_itself(function)

    def _share(self, stand_in: _Shared) -> Any:
        return self._share_itself(stand_in.thing)

    def _share_itself(self, thing: Any) -> Any:
        self._shared.append(thing)
        return _fetch, (len(self._shared) - 1,)


def _reduce_table(table: Table) -> Any:
    return _empty, (type(table),), {**table.__dict__, "items": _Shared(_frozen_table(table.items))}


def _reduce_shard(shard: StreamShard) -> Any:
    return _empty, (StreamShard,), {**shard.__dict__, "items": _Shared(_frozen(shard.items))}


def _reduce_key(key: FakeKey) -> Any:
    if key._value_buffer.closed:
        # The part of an upload that is complete: the object has its bytes.
        key._value_buffer = io.BytesIO()  # type: ignore[assignment]
    if not isinstance(key._value_buffer, io.BytesIO):
        # A BytesIO made from bytes shares them until it is written to, and an object is never written to twice.
        key._value_buffer = io.BytesIO(key.value)  # type: ignore[assignment]
    state = {**key.__dict__, "_value_buffer": _Shared(key._value_buffer.getvalue())}  # type: ignore[attr-defined]
    return _empty, (FakeKey,), state, None, None, _set_state


_PLAIN_DICTS = (dict, OrderedDict, defaultdict)


def _reduce_dict(thing: Any) -> Any:
    """moto's own dictionaries do more on setting and getting than a pickle expects; theirs is not what is wanted."""
    state = vars(thing), getattr(thing, "default_factory", None), dict(dict.items(thing))
    return _empty_dict, (type(thing),), state, None, None, _fill_dict


def _empty_dict(kind: type[dict[Any, Any]]) -> Any:
    return kind.__new__(kind)


def _fill_dict(thing: Any, state: tuple[dict[str, Any], Any, dict[Any, Any]]) -> None:
    attributes, factory, items = state
    thing.__dict__.update(attributes)
    if factory is not None:
        thing.default_factory = factory
    dict.update(thing, items)


def _empty(kind: type) -> Any:
    return object.__new__(kind)


def _set_state(thing: Any, state: dict[str, Any]) -> None:
    """FakeKey has a way of its own, which would copy its bytes."""
    thing.__dict__.update(state)
    thing._value_buffer = io.BytesIO(state["_value_buffer"])


def take(extra: Any) -> Snapshot:
    services = _in_use()
    regions = [{account: dict(found.items()) for account, found in service.items()} for service in services]
    shared: list[Any] = []
    file = io.BytesIO()
    _Pickler(file, shared).dump((regions, s3_backends.bucket_accounts, extra))
    return Snapshot(file.getvalue(), shared, services, mock_random.getstate())


def restore(snapshot: Snapshot) -> Any:
    """Puts the state back into the dictionaries the clients look in, and gives back what was kept with it."""
    _beside[:] = snapshot.shared
    try:
        regions, s3_backends.bucket_accounts, extra = pickle.loads(snapshot.pickled)  # noqa: S301  # from take()
    finally:
        _beside.clear()
    for service in _in_use():
        for found in service.values():
            found.clear()
    for service, accounts in zip(snapshot.services, regions, strict=True):
        for account, found in accounts.items():
            # update(), for AccountSpecificBackend makes a backend of whatever is only looked up.
            service[account].update(found)
    mock_random.setstate(snapshot.randomness)
    return extra


def _in_use() -> list[Any]:
    return [service for service in BackendDict._instances if service.service_name not in LEFT_ALONE]
