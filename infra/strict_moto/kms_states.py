"""A KMS key that is disabled or pending deletion refuses to be used, as AWS's does and moto's does not."""

import base64
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.core.exceptions import JsonRESTError
from moto.kms.models import Key, KmsBackend
from moto.kms.responses import KmsResponse
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


def require_pair(key: Key) -> None:
    require_usable(key)
    if key.private_key is None:
        raise JsonRESTError("UnsupportedOperationException", f"{key.arn} has no public key.")


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
    """Decrypt by the key that the ciphertext names; moto refuses what cannot be read."""
    answer = _motos_decrypt(self, ciphertext_blob, *args, **kwargs)
    require_usable(self.keys[_deserialize_ciphertext_blob(ciphertext_blob).key_id])
    return answer


def private_key_if_needed(key_spec: str) -> Any:
    """moto makes an RSA pair even for a symmetric key, which takes longer than all the rest of creating it."""
    return None if key_spec == "SYMMETRIC_DEFAULT" else generate_private_key(key_spec)


_motos_answer_to_sign = KmsResponse.sign
_DIGESTS = {"ECDSA_SHA_256": hashes.SHA256(), "ECDSA_SHA_384": hashes.SHA384(), "ECDSA_SHA_512": hashes.SHA512()}


def answer_to_sign(self: KmsResponse) -> str:
    """moto hashes a digest again, and so signs something else than what AWS would."""
    if self._get_param("MessageType") != "DIGEST":
        return _motos_answer_to_sign(self)
    key = self.kms_backend.keys[self.kms_backend.any_id_to_key_id(self._get_param("KeyId"))]
    require_usable(key)
    algorithm = self._get_param("SigningAlgorithm")
    digest = Prehashed(_DIGESTS[algorithm])
    signature = key.private_key.private_key.sign(self._get_param("Message"), ECDSA(digest))
    blob = base64.b64encode(signature).decode()
    return json.dumps({"KeyId": key.arn, "Signature": blob, "SigningAlgorithm": algorithm})


# generate_data_key and re_encrypt go through encrypt, verify_mac through generate_mac.
REPLACEMENTS = {
    "decrypt": decrypt,
    "get_public_key": _guarded("get_public_key", require_pair),
    **{name: _guarded(name, require_usable) for name in ("encrypt", "sign", "verify", "generate_mac")},
    **{name: _guarded(name, require_not_dying) for name in ("enable_key", "disable_key", "schedule_key_deletion")},
}
