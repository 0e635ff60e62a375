"""Request and response shapes of the policy."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from chalicelib.accounts.shapes import Language
from chalicelib.entry.wire import END, Listed, Shape
from chalicelib.notices.shapes import Wording

_Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]
VersionName = Annotated[str, Meta(max_length=32)]
NewVersionName = Annotated[str, Meta(min_length=1, max_length=32, pattern=f"^[A-Za-z0-9][A-Za-z0-9._-]*{END}")]
# In two languages and one that is neither, it fits an item of DynamoDB.
Text = Annotated[str, Meta(min_length=1, max_length=30_000)]


class AskPolicy(Shape):
    version: VersionName | None = None


class AskPolicyPage(AskPolicy):
    """The language of the request, unless another one is named."""

    language: Language | None = None


class Policy(Shape, rename={"from_": "from"}):
    """The policy's text, and its table as the register has it: rows by which this version keeps data, and those that
    are `planned`, for which it takes none."""

    version: str
    from_: _Day
    language: str
    title: str
    sha256: str
    sections: list[dict[str, Any]]
    columns: dict[str, str]
    table: list[dict[str, Any]]
    planned: list[dict[str, Any]]

    @classmethod
    def of(cls, rendered: dict[str, Any]) -> Policy:
        return cls(**{"from_" if name == "from" else name: value for name, value in rendered.items()})


class PolicyVersion(Shape, rename={"from_": "from"}):
    """A version of the policy. Where people need agree to it anew, most requests of who has not are refused from its
    first day on, in UTC."""

    version: str
    from_: _Day
    url: str
    needs_agreement: bool


class PolicyVersions(Listed):
    """The one in force first."""

    items: list[PolicyVersion]


class AskChanges(Shape):
    """Since which version; if none is named, since the one before."""

    since: VersionName | None = None


class PolicyDifference(Shape):
    """A row of the table, or a section of the text. `before` and `after` are the whole of what was removed or added,
    and of what changed the fields that did."""

    id: str
    title: str
    change: Literal["added", "removed", "changed"]
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class PolicyChanges(Shape):
    """The changes of the policy from `since` to `version`, in the language of the request: rows by which data is kept,
    and sections of the text."""

    version: str
    since: str
    rows: list[PolicyDifference]
    sections: list[PolicyDifference]


class PolicyAgreed(Shape):
    """The version that the person agreed to last."""

    policy_version: str


# Operators


class PublishPolicy(Shape, rename={"from_": "from"}):
    """A version that begins on the day `from`, in UTC, which must lie ahead: the packaged policy, with this text as its
    last section, whose lines are paragraphs; `translations` have it for those who read another language. It takes the
    place of POLICY_ADDITIONS. Where it `needs_agreement`, most requests of who has not agreed are refused from then
    on."""

    version: NewVersionName
    from_: date
    text: Text
    translations: dict[Wording, Text] = field(default_factory=dict)
    needs_agreement: bool = False


class PublishedVersion(Shape, rename={"from_": "from"}):
    """`named` is how many accounts this order had told; give the same order again until `finished`. After that it
    begins anew, for those who came later; nobody is told twice."""

    version: str
    from_: _Day
    url: str
    needs_agreement: bool
    notice_id: str
    named: int
    finished: bool
