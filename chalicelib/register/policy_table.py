"""The privacy policy as people read it: its text in their language, and its table as the register's rows say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from chalicelib import clock
from chalicelib.errors import NotFound
from chalicelib.register.rows import ROWS, Row
from chalicelib.templates import filled
from chalicelib.words import DEFAULT_LANGUAGE, LANGUAGES, Phrase, operator_named

FOLDER = Path(__file__).parent / "policy"


class UnknownVersion(NotFound):
    pass


def render(
    language: str,
    *,
    operator: Mapping[str, str] | None = None,
    additions: Mapping[str, str] | None = None,
    version: str | None = None,
) -> dict[str, Any]:
    """The whole policy: `{version, from, language, sha256, title, sections, columns, table, planned}`.

    `operator` is `{name, contact}`, where the name may be empty, `additions` what they say besides, by language;
    without `version` the one in force is meant; a language that the policy is not written in becomes English. Raises
    UnknownVersion.
    """
    chosen = version or _in_force()
    spoken = _spoken(chosen, language)
    edition = _edition(chosen, spoken)
    who = _named(operator or {}, spoken)
    named = edition.replace("{operator}", _quoted(who["name"])).replace("{contact}", _quoted(who["contact"]))
    policy = {"sha256": sha256(spoken, version=chosen), **json.loads(named)}
    policy["sections"] += _additions(spoken, additions or {})
    return policy


def page(
    language: str, *, operator: Mapping[str, str], additions: Mapping[str, str], version: str | None = None
) -> str:
    """The policy as a page that can be printed, and needs no script. Raises UnknownVersion."""
    return page_of(render(language, operator=operator, additions=additions, version=version), operator)


def page_of(policy: Mapping[str, Any], operator: Mapping[str, str]) -> str:
    """The same of what was rendered."""
    spoken = policy["language"]
    others = [one for one in LANGUAGES if one != spoken]
    return filled(
        "register/policy.html",
        policy=policy,
        rows={name: policy[name] for name in ("table", "planned")},
        operator=_named(operator, spoken),
        languages={one: Phrase("language_name").read_in(one) for one in others},
        phrase=lambda key: Phrase(key).read_in(spoken),
    )


def sha256(language: str, *, version: str | None = None) -> str:
    """The hash that a consent keeps of the text agreed to: text and table together, before the operator is named in
    them and adds to them."""
    chosen = version or _in_force()
    return _digest(chosen, _spoken(chosen, language))


def editions() -> tuple[tuple[str, str, bool], ...]:
    """(from, version, whether people must agree to it anew) of each that is packaged, the newest first."""
    return tuple(
        (from_, name, bool(_text(name, DEFAULT_LANGUAGE).get("needs_agreement", False))) for from_, name in _dated()
    )


def _spoken(version: str, language: str) -> str:
    is_written = language in LANGUAGES and (FOLDER / version / f"{language}.json").exists()
    return language if is_written else DEFAULT_LANGUAGE


def _in_force() -> str:
    today = clock.now().date().isoformat()
    return next((name for from_, name in _dated() if from_ <= today), _dated()[-1][1])


@cache
def _dated() -> tuple[tuple[str, str], ...]:
    """(from, version) of each, the newest first."""
    names = (folder.name for folder in FOLDER.iterdir() if folder.is_dir())
    return tuple(sorted(((_text(name, DEFAULT_LANGUAGE)["from"], name) for name in names), reverse=True))


@cache
def _digest(version: str, language: str) -> str:
    return hashlib.sha256(_edition(version, language).encode()).hexdigest()


@cache
def _edition(version: str, language: str) -> str:
    """One version in one language as JSON: what is hashed, and what nobody can change in a warm process."""
    if version not in (name for _, name in _dated()):
        raise UnknownVersion
    text = dict(_text(version, language))
    bases = text.pop("bases", {})
    text.pop("needs_agreement", None)
    # The rows speak for the newest version, so an older one must have been given its own table when that was written.
    if version == _dated()[0][1]:
        text["table"] = [_line(row, language, bases) for row in ROWS if not row.planned]
        text["planned"] = [_line(row, language, bases) for row in ROWS if row.planned]
    elif "table" not in text:
        raise LookupError(f"the older policy {version} has no table of its own")
    return json.dumps({"planned": [], **text}, ensure_ascii=False)


def _text(version: str, language: str) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((FOLDER / version / f"{language}.json").read_text(encoding="utf-8")))


def _line(row: Row, language: str, bases: Mapping[str, str]) -> dict[str, str]:
    return {
        "row": row.id,
        "title": row.sentence("title", language),
        "data": row.sentence("data", language),
        "purpose": row.sentence("purpose", language),
        "basis": bases[row.basis.value],
        "kept_for": row.sentence("kept_for", language),
        "shared_with": row.sentence("shared_with", language),
        "rights": row.sentence("rights", language),
        "refusal": row.sentence("refusal", language),
    }


def _additions(language: str, additions: Mapping[str, str]) -> list[dict[str, object]]:
    """A section with the operator's own words, in another language where they have none in this one."""
    text = additions.get(language) or next(iter(additions.values()), "")
    paragraphs = [line.strip() for line in text.splitlines() if line.strip()]
    heading = Phrase("policy_additions").read_in(language)
    return [{"id": "additions", "heading": heading, "paragraphs": paragraphs}] if paragraphs else []


def _named(operator: Mapping[str, str], language: str) -> dict[str, str]:
    contact = operator.get("contact") or Phrase("operator_contact").read_in(language)
    return {"name": operator_named(operator.get("name", ""), language), "contact": contact}


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]
