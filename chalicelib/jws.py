"""Signed statements of this installation: compact JWS, ES256, by the key that never leaves KMS."""

from __future__ import annotations

import json
from collections.abc import Mapping

from chalicelib.store import crypto


def signed(claims: Mapping[str, object], typ: str = "JWT") -> str:
    """`typ` says what it is, so that nothing that was signed for one purpose serves another."""
    from joserfc.util import urlsafe_b64encode as b64

    header = {"alg": "ES256", "kid": public_key()["kid"], "typ": typ}
    signing_input = b".".join(b64(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return (signing_input + b"." + b64(crypto.sign(signing_input))).decode()


def public_key() -> dict[str, object]:
    """The public key that verifies it, as a JWK."""
    # Imported here and above, as it drags in what nearly no request needs.
    from joserfc.jwk import ECKey

    key = ECKey.import_key(crypto.signing_public_pem())
    return {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": "ES256"}
