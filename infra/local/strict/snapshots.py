"""All of moto's state taken and put back in milliseconds, by pickling it with the bulk of it shared.

Shared is what never changes once written: items, stream records, the bytes of S3 objects, KMS private keys. Everything
else is pickled, so a snapshot cannot be touched by what happens after it.
"""

import copyreg
import io
import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.core.base_backend import BackendDict
from moto.dynamodb.models.table import StreamShard, Table
from moto.kms.utils import ECDSAPrivateKey, RSAPrivateKey
from moto.moto_api._internal import mock_random
from moto.s3.models import FakeKey, s3_backends

# IAM's managed policies are thousands of objects that nothing here ever changes.
LEFT_ALONE = {"iam"}

Backends = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    pickled: bytes
    shared: list[Any]
    extra: Any


class _Shared:
    """Stands in the pickle for something that lies beside it."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing


# What the snapshot being restored has beside it; restoring happens under the one lock.
_beside: list[Any] = []


def _fetch(place: int) -> Any:
    return _thawed(_beside[place])


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
    for key, partition in copied.items():
        if isinstance(partition, dict):
            copied[key] = partition.copy()
    return copied


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, shared: list[Any]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._shared = shared
        self.dispatch_table: dict[type, Callable[[Any], Any]] = {
            **copyreg.dispatch_table,
            _Shared: self._share,
            Table: _reduce_table,
            StreamShard: _reduce_shard,
            FakeKey: _reduce_object,
            RSAPrivateKey: self._share_itself,
            ECDSAPrivateKey: self._share_itself,
            type(threading.Lock()): lambda _: (threading.Lock, ()),
            type(threading.RLock()): lambda _: (threading.RLock, ()),
            threading.Condition: lambda _: (threading.Condition, ()),
        }

    def _share(self, stand_in: _Shared) -> Any:
        return self._share_itself(stand_in.thing)

    def _share_itself(self, thing: Any) -> Any:
        self._shared.append(thing)
        return _fetch, (len(self._shared) - 1,)


def _reduce_table(table: Table) -> Any:
    return _empty, (Table,), {**table.__dict__, "items": _Shared(_frozen_table(table.items))}


def _reduce_shard(shard: StreamShard) -> Any:
    return _empty, (StreamShard,), {**shard.__dict__, "items": _Shared(_frozen(shard.items))}


def _reduce_object(key: FakeKey) -> Any:
    state = {**key.__dict__, "_value_buffer": _Shared(key._value_buffer)}
    return _empty, (FakeKey,), state, None, None, _set_state


def _empty(kind: type) -> Any:
    return object.__new__(kind)


def _set_state(thing: Any, state: dict[str, Any]) -> None:
    """FakeKey has a way of its own, which would copy its bytes."""
    thing.__dict__.update(state)


def take(extra: Any) -> Snapshot:
    shared: list[Any] = []
    file = io.BytesIO()
    _Pickler(file, shared).dump((_backends(), s3_backends.bucket_accounts, extra))
    return Snapshot(file.getvalue(), shared, mock_random.getstate())


def restore(snapshot: Snapshot) -> Any:
    """Puts the state back into the dictionaries the clients look in, and gives back what was kept with it."""
    _beside[:] = snapshot.shared
    try:
        backends, bucket_accounts, extra = pickle.loads(snapshot.pickled)  # noqa: S301  # our own bytes, from take()
    finally:
        _beside.clear()
    for service in _in_use():
        for account, regions in service.items():
            # update(), for AccountSpecificBackend makes a backend for whatever is only looked up.
            regions.clear()
            regions.update(backends.get(service.service_name, {}).get(account, {}))
    _recall_forgotten(backends)
    s3_backends.bucket_accounts = bucket_accounts
    mock_random.setstate(snapshot.extra)
    return extra


def _backends() -> Backends:
    return {
        service.service_name: {account: dict(regions.items()) for account, regions in service.items()}
        for service in _in_use()
    }


def _in_use() -> list[Any]:
    return [service for service in BackendDict._instances if service.service_name not in LEFT_ALONE]


def _recall_forgotten(backends: Backends) -> None:
    """A service moto no longer lists (it was reset in between) is found by its name."""
    from moto.backends import get_backend

    listed = {service.service_name for service in _in_use()}
    for name in backends.keys() - listed:
        for account, regions in backends[name].items():
            get_backend(name)[account].update(regions)  # type: ignore[call-overload]
