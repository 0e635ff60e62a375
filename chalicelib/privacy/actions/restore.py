"""Restore of tables from a backup, without anybody who has left since (B17)."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import datetime, timedelta

from chalicelib import clock
from chalicelib.access.records import Device
from chalicelib.accounts.records import Account
from chalicelib.devices.actions import owning
from chalicelib.privacy import shapes
from chalicelib.privacy.actions import closing
from chalicelib.register import erase, erasures
from chalicelib.store import crypto, keys
from chalicelib.store.commit import commit
from chalicelib.store.records import put_into_service, read, restoring

# Clocks differ, and a restore is to the second.
_MARGIN = timedelta(minutes=5)


def replay_erasures(restored_to: datetime) -> shapes.Replayed:
    """Forget again whoever left after that instant, then open the tables. Until this is done nobody can read them;
    it may be repeated, and everybody signs in anew."""
    subjects = 0
    with restoring():
        begun = list(erasures.begun_since(restored_to - _MARGIN))
        for erasure in begun:
            _cut(erasure.subjects)
            # Nobody goes on with it when the tables are open; what SNS refuses is in the clock's sight.
            with suppress(erase.EndpointsOpen):
                erase.run_pass(erasure.pk_id, within_s=math.inf)
            subjects += len(erasure.subjects)
    crypto.put_keys_into_service()
    put_into_service(since=clock.now_s())
    return shapes.Replayed(erasures=len(begun), subjects=subjects)


def _cut(subjects: set[str]) -> None:
    """All that others know of them goes as it went the first time: an address is free again, and so is a camera."""
    # Devices come first: an account that ends must not have lost one that it was read with.
    for subject in sorted(subjects, key=lambda one: keys.kind_of(one) != Device.pk_prefix):
        kind, subject_id = keys.kind_of(subject), keys.id_of(subject)
        if kind == Device.pk_prefix:
            (device,) = read(Device.key(subject_id))
            if device is not None:
                commit(*owning.end_ownership(device))
        if kind == Account.pk_prefix:
            (account,) = read(Account.key(subject_id))
            if account is not None:
                commit(*closing.ending(account))
