"""The one reader of the environment: the settings of this installation."""

from __future__ import annotations

import json
import os
import re
from functools import cached_property
from os.path import exists, expanduser, getsize
from typing import NamedTuple
from urllib.parse import urlsplit

# What asks for something that only botocore does, whatever the value is: another way to AWS, or another address of it.
FOR_BOTOCORE = (
    "AWS_ACCOUNT_ID",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE",
    "AWS_AUTH_SCHEME_PREFERENCE",
    "AWS_CA_BUNDLE",
    "AWS_DATA_PATH",
    "AWS_DEFAULT_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SNS",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_STS",
    "AWS_PROFILE",
    "AWS_SECURITY_TOKEN",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "REQUESTS_CA_BUNDLE",
    *(cased for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY") for cased in (name, name.lower())),
)
_SHARED_FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
# Those of the partition `aws`, as botocore's partitions.json has them; the others have other domains.
_REGION = re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-[0-9]+")


# What platforms to sign in with call themselves in id tokens, and where their keys are.
_OIDC = {
    ("google", "issuers"): "https://accounts.google.com,accounts.google.com",
    ("google", "keys_url"): "https://www.googleapis.com/oauth2/v3/certs",
    ("apple", "issuers"): "https://appleid.apple.com",
    ("apple", "keys_url"): "https://appleid.apple.com/auth/keys",
    ("facebook", "issuers"): "https://www.facebook.com,https://facebook.com",
    ("facebook", "keys_url"): "https://limited.facebook.com/.well-known/oauth/openid/jwks/",
}


class MissingSetting(RuntimeError):
    """A function was deployed without a setting that it needs; the name says which."""


class WrongSetting(RuntimeError):
    """A setting has a value that it cannot have; the sentence says which it may have."""


class AwsCredentials(NamedTuple):
    """The keys that calls to AWS are signed with; `session_token` is empty where they are for good."""

    access_key_id: str
    secret_access_key: str
    session_token: str


def _optional(name: str) -> str:
    """It may be empty, but it must be set where it is read."""
    value = os.environ.get(name)
    if value is None:
        raise MissingSetting(f"the environment lacks {name}")
    return value


def _required(name: str) -> str:
    value = _optional(name)
    if not value:
        raise MissingSetting(f"{name} is empty")
    return value


def _origin(url: str) -> str:
    scheme, host, *_ = urlsplit(url)
    return f"{scheme}://{host}"


class Settings:
    """Each setting is read when first asked for, so that a function needs only the settings that it uses."""

    @cached_property
    def stage(self) -> str:
        """The installation's name: `local`, `test`, `production`."""
        return _required("STAGE")

    @cached_property
    def region(self) -> str:
        """The AWS region that everything stays in; Lambda sets it."""
        return _required("AWS_REGION")

    @property
    def aws_credentials(self) -> AwsCredentials | None:
        """Those in the environment, where Lambda sets them; read anew each time, as they may be replaced."""
        key_id, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
        if not key_id or not secret:
            return None
        return AwsCredentials(key_id, secret, os.environ.get("AWS_SESSION_TOKEN", ""))

    @cached_property
    def aws_transport(self) -> str:
        """By what DynamoDB, KMS and SQS are called, S3's objects are read and pushes published: `own`, which looks at
        nothing but region and credentials, or `botocore`; if nothing is said, `botocore` where the environment asks for
        what only botocore does."""
        configured = os.environ.get("AWS_TRANSPORT", "")
        if configured not in ("", "own", "botocore"):
            raise WrongSetting(f"AWS_TRANSPORT is {configured!r}, and may be own or botocore")
        return configured or ("botocore" if self._needs_botocore() else "own")

    def _needs_botocore(self) -> bool:
        files = [os.environ.get(name) or expanduser(usual) for name, usual in _SHARED_FILES.items()]
        is_configured = any(exists(path) and getsize(path) for path in files)
        is_named = any(os.environ.get(name) for name in FOR_BOTOCORE)
        return is_configured or is_named or not _REGION.fullmatch(self.region) or self.aws_credentials is None

    @cached_property
    def public_url(self) -> str:
        """The public address of the API, without a slash at the end."""
        return _required("PUBLIC_URL").rstrip("/")

    @cached_property
    def live_url(self) -> str:
        """The public address of live views' playlists and pieces, without a slash at the end."""
        return _required("LIVE_URL").rstrip("/")

    @cached_property
    def channel_url(self) -> str:
        """The address of the WebSocket API, where cameras open their channel."""
        return _required("CHANNEL_URL")

    @cached_property
    def channel_management_url(self) -> str:
        """The management address of the WebSocket API, which takes messages to connections."""
        return _required("CHANNEL_MANAGEMENT_URL")

    @cached_property
    def regions(self) -> dict[str, str]:
        """Region → where clients find the API that serves it, our own among them; a region left out is served here."""
        configured = json.loads(_optional("REGIONS") or "{}")
        return {region: endpoint.rstrip("/") for region, endpoint in configured.items()}

    @cached_property
    def allowed_origin(self) -> str:
        """The one other origin whose pages may call the API, e.g. `https://app.example.org`; empty for none."""
        return _optional("ALLOWED_ORIGIN")

    @cached_property
    def passkey_origins(self) -> tuple[str, ...]:
        """The origins where passkeys are made and used, as browsers write them and, of Android apps,
        `android:apk-key-hash:…`; if nothing is said, the allowed origin or else the API's own."""
        configured = _optional("PASSKEY_ORIGINS").split()
        return tuple(configured or [self.allowed_origin or _origin(self.public_url)])

    @cached_property
    def passkey_domain(self) -> str:
        """The domain that passkeys belong to, the same as that of the origins or one above it; no passkey outlives its
        change. If nothing is said, the domain of the first origin."""
        return _optional("PASSKEY_DOMAIN") or urlsplit(self.passkey_origins[0]).hostname or ""

    @cached_property
    def items_table(self) -> str:
        """The table of people, devices and what belongs to them."""
        return _required("ITEMS_TABLE")

    @cached_property
    def keys_table(self) -> str:
        """The table of data keys; deleting a row there shreds a subject's data."""
        return _required("KEYS_TABLE")

    @cached_property
    def restored_keys_table(self) -> str:
        """A copy of the table of keys, restored from a backup, from which missing keys are added; empty for none."""
        return _optional("RESTORED_KEYS_TABLE")

    @cached_property
    def ledger_table(self) -> str:
        """The table of erasures and tombstones, which outlives a restore of the others."""
        return _required("LEDGER_TABLE")

    @cached_property
    def fiscal_table(self) -> str:
        """The table of invoices, kept as long as tax law says."""
        return _required("FISCAL_TABLE")

    @cached_property
    def media_bucket(self) -> str:
        """The bucket of pictures and recordings."""
        return _required("MEDIA_BUCKET")

    @cached_property
    def media_url(self) -> str:
        """The address of the media bucket for cameras and clients, without a slash at the end."""
        return _required("MEDIA_URL").rstrip("/")

    @cached_property
    def factory_bucket(self) -> str:
        """The bucket in which factories lay down what cameras they made."""
        return _required("FACTORY_BUCKET")

    @cached_property
    def root_key_id(self) -> str:
        """The KMS key that protects the root secret."""
        return _required("ROOT_KEY_ID")

    @cached_property
    def receipt_key_id(self) -> str:
        """The KMS key (P-256) that signs erasure receipts."""
        return _required("RECEIPT_KEY_ID")

    def queue_url(self, queue: str) -> str:
        """The address of a queue by its logical id: `ClipRequests` is read from CLIP_REQUESTS_QUEUE_URL."""
        words = "".join(f"_{letter}" if letter.isupper() else letter for letter in queue).strip("_")
        return _required(f"{words.upper()}_QUEUE_URL")

    def platform_application_arn(self, platform: str) -> str:
        """The SNS platform application of `fcm` or `apns`; empty where this installation does not push there."""
        return _optional(f"{platform.upper()}_APPLICATION_ARN")

    def oidc(self, platform: str, what: str) -> str:
        """Of sign-in with `google`, `apple` or `facebook`: its `issuers` and our `audiences` there, each a list with
        commas, and its `keys_url`, which are its own if nothing is said; without audiences this installation does not
        offer it."""
        return _optional(f"OIDC_{platform}_{what}".upper()) or _OIDC.get((platform, what), "")

    @cached_property
    def api_log_group(self) -> str:
        """The CloudWatch log group of the function that serves people."""
        return _required("API_LOG_GROUP")

    @cached_property
    def mail_sender(self) -> str:
        """The From address of every mail."""
        return _required("MAIL_SENDER")

    def message_budgets(self, kind: str) -> dict[str, int]:
        """The most messages of a `kind`, `mail` or `text`, that are sent to an `address` and on the word of a `network`
        in an hour, to a `country` (texts only) and in all in a `day`: `address=10 network=300 day=10000`."""
        configured = (budget.partition("=") for budget in _required(f"{kind.upper()}_BUDGETS").split())
        return {scope: int(most) for scope, _, most in configured}

    @property
    def text_countries(self) -> frozenset[str]:
        """To whose mobile numbers texts are sent when a stranger names them, by ISO 3166-1, or `none`."""
        return frozenset(_required("TEXT_COUNTRIES").split())

    @cached_property
    def mail_configuration_set(self) -> str:
        """The SES configuration set that every mail is sent with, whose events say what became of it."""
        return _required("MAIL_CONFIGURATION_SET")

    @cached_property
    def text_sender_id(self) -> str:
        """The name that text messages come from, where a country lets them have one; empty for what SNS chooses."""
        return _optional("TEXT_SENDER_ID")

    @cached_property
    def payment_provider(self) -> str:
        """The payment provider: `sandbox` or `stripe`."""
        return _required("PAYMENT_PROVIDER")

    @cached_property
    def payment_webhook_secret(self) -> str:
        """The secret that the payment provider signs its webhooks with."""
        return _required("PAYMENT_WEBHOOK_SECRET")

    @cached_property
    def payment_api_key(self) -> str:
        """The secret key by which the payment provider is asked; the sandbox has none."""
        return _optional("PAYMENT_API_KEY")

    @cached_property
    def payment_api_url(self) -> str:
        """The address at which the payment provider is asked, without a slash at the end; if nothing is said, Stripe's
        own."""
        return (_optional("PAYMENT_API_URL") or "https://api.stripe.com").rstrip("/")

    @cached_property
    def payment_return_url(self) -> str:
        """The page to which people come back from paying; if nothing is said, the allowed origin or else the API's
        own address."""
        return _optional("PAYMENT_RETURN_URL") or self.allowed_origin or self.public_url

    @cached_property
    def most_devices(self) -> int:
        """The number of devices that an account may have: a quota, which nothing else depends on."""
        return int(_required("MOST_DEVICES"))

    @cached_property
    def seller_time_zone(self) -> str:
        """The seller's IANA time zone, whose clock says to which year a sale belongs."""
        return _required("SELLER_TIME_ZONE")

    @cached_property
    def seller(self) -> dict[str, str]:
        """Who sells, as invoices name them: `name`, `address` and `vat_number`."""
        return dict(json.loads(_required("SELLER")))

    @cached_property
    def seller_country(self) -> str:
        """The country of the seller's address and of its VAT, by ISO 3166-1."""
        return _required("SELLER_COUNTRY")

    @cached_property
    def invoice_region(self) -> str:
        """What numbers of invoices and credit notes say of this region, where the seller has several; else empty."""
        return _optional("INVOICE_REGION")

    @cached_property
    def operator(self) -> dict[str, str]:
        """The operator of this installation, as the policy names them; the name may be empty."""
        return {
            "name": _optional("OPERATOR_NAME") or "",
            "contact": _required("OPERATOR_CONTACT"),
        }

    @cached_property
    def operators_account(self) -> str:
        """The AWS account whose users, and whose two roles, operators are."""
        return _required("OPERATORS_ACCOUNT")

    def operators_role(self, part: str) -> str:
        """The name of the role by whose sessions people `propose` or `approve`; its trust says that a session is named
        after the person."""
        return _required(f"OPERATORS_ROLE_TO_{part.upper()}")

    @cached_property
    def policy_additions(self) -> dict[str, str]:
        """What the operator adds to the policy, by language; its lines are paragraphs."""
        return dict(json.loads(_required("POLICY_ADDITIONS")))


settings = Settings()
