"""`make deploy` and `make destroy`: the words of the command line, for `stack`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.package.stack import Account, Refused, in_capitals

BUILD = Path(__file__).parents[2] / "build"
PARAMETERS = (
    "AddressLimit", "AlarmMail", "AllowedOrigin", "ApiReserve", "ApnsApplicationArn", "AwsTransport", "CamerasAtOnce",
    "CamerasPerSecond", "ChannelAtOnce", "ChannelManagementUrl", "ChannelPerSecond", "ChannelUrl",
    "FcmApplicationArn", "ListenersAtOnce", "LiveAtOnce", "LivePerSecond", "LiveReserve", "MailBudgets", "MailDomain",
    "MailIdentity", "MailSender", "MediaUrl", "MonthlyBudget",
    *(f"Oidc{platform}{what}" for platform in ("Apple", "Facebook", "Google")
      for what in ("Audiences", "Issuers", "KeysUrl")),
    "OperatorContact", "OperatorName", "OperatorsRoleToApprove", "OperatorsRoleToPropose",
    "PasskeyDomain", "PasskeyOrigins", "PaymentApiKey", "PaymentApiUrl",
    "PaymentProvider", "PaymentReturnUrl", "PaymentWebhookSecret",
    "PicturesAtOnce", "PolicyAdditions", "PublicUrl", "Regions", "RequestsAtOnce", "RequestsPerSecond",
    "RestoredFiscal", "RestoredItems", "RestoredItemsStream", "RestoredKeys", "RestoredLedger", "RestoredLedgerStream",
    "InvoiceRegion", "MostDevices", "Seller", "SellerCountry", "SellerTimeZone", "TextBudgets", "TextCountries",
    "TextSenderId", "UploadsReserve",
)  # fmt: skip


def given(environment: Mapping[str, str]) -> dict[str, str]:
    """The template parameters from the environment. An empty one counts as absent: make hands over all it knows of."""
    return {name: environment[in_capitals(name)] for name in PARAMETERS if environment.get(in_capitals(name))}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("what", choices=["deploy", "destroy"])
    options.add_argument("--stage", default=os.environ.get("STAGE"))
    options.add_argument("--region", default=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"))
    options.add_argument("--confirm", default=os.environ.get("CONFIRM"))
    options.add_argument("--build", type=Path, default=BUILD)
    options.add_argument("--look-every-s", type=float, default=Account.wait_s)
    chosen = options.parse_args()
    if not chosen.stage or not chosen.region:
        sys.exit("Say which installation and where: make deploy STAGE=… AWS_REGION=…")
    account = Account(boto3.Session(region_name=chosen.region), chosen.stage, wait_s=chosen.look_every_s)
    try:
        if chosen.what == "deploy":
            account.deploy(chosen.build, given(os.environ))
        else:
            account.destroy(confirmed=chosen.confirm)
    except (Refused, BotoCoreError, ClientError) as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
