"""A KMS key that is disabled or pending deletion refuses to be used, as AWS's does and moto's does not."""

from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.models import Key, KmsBackend
from moto.kms.utils import _deserialize_ciphertext_blob, generate_private_key


class Disabled(JsonRESTError):
    def __init__(self, key: Key) -> None:
        super().__init__("DisabledException", f"{key.arn} is disabled.")


class InvalidState(JsonRESTError):
    def __init__(self, key: Key) -> None:
        super().__init__("KMSInvalidStateException", f"{key.arn} is pending deletion.")


def require_usable(key: Key) -> None:
    require_not_dying(key)
    if key.key_state == "Disabled":
        raise Disabled(key)


def require_not_dying(key: Key) -> None:
    if key.key_state == "PendingDeletion":
        raise InvalidState(key)


def _guarded(name: str, require: Callable[[Key], None]) -> Callable[..., Any]:
    original = getattr(KmsBackend, name)

    def guarded(self: KmsBackend, *args: Any, **kwargs: Any) -> Any:
        key_id = kwargs.get("key_id") or args[0]
        require(self.keys[self.any_id_to_key_id(key_id)])
        return original(self, *args, **kwargs)

    return guarded


_motos_decrypt = KmsBackend.decrypt


def decrypt(self: KmsBackend, ciphertext_blob: bytes, *args: Any, **kwargs: Any) -> Any:
    """Which key it is stands in the ciphertext, not in the request; what cannot be read moto refuses."""
    done = _motos_decrypt(self, ciphertext_blob, *args, **kwargs)
    require_usable(self.keys[_deserialize_ciphertext_blob(ciphertext_blob).key_id])
    return done


def private_key_if_needed(key_spec: str) -> Any:
    """moto makes an RSA pair even for a symmetric key, which takes longer than all the rest of creating it."""
    return None if key_spec == "SYMMETRIC_DEFAULT" else generate_private_key(key_spec)


# generate_data_key and re_encrypt go through encrypt, verify_mac through generate_mac.
REPLACEMENTS = {
    "decrypt": decrypt,
    **{
        name: _guarded(name, require_usable) for name in ("encrypt", "sign", "verify", "get_public_key", "generate_mac")
    },
    **{name: _guarded(name, require_not_dying) for name in ("enable_key", "disable_key", "schedule_key_deletion")},
}
