"""A small app in the manner of the product's, so that the local cloud is tested without the product."""

from pathlib import Path

from infra.local.cloud import LocalCloud

RESOURCES = Path(__file__).parent / "resources.yaml"


def start(**how) -> LocalCloud:
    return LocalCloud.start(app_module="tests.infra.toycloud.app", templates=[RESOURCES], **how)
