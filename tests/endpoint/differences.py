"""Differences of MiniStack 1.5.33 from AWS, each with the tests of ours that rest on AWS's way.

`test_differences.py` shows each: what another version does as AWS does is to leave this list.
"""

from __future__ import annotations

from dataclasses import dataclass

MINISTACK = "1.5.33"


@dataclass(frozen=True)
class Difference:
    what: str
    # Ends of their ids.
    tests: tuple[str, ...] = ()


_LAYER = "strict_moto/tests/test_"
_WRONG = f"{_LAYER}transactions.py::test_what_is_wrong_in_itself_is_refused_whole"
_READ = f"{_LAYER}trace.py::test_a_read_costs_its_size_in_steps_of_four_kilobytes"
READS_COST_ONE = Difference(
    "a read is charged as one of 4 KB, however much it reads",
    (
        f"{_READ}[4.01-True-2]", f"{_READ}[4.01-False-1]", f"{_READ}[9-False-1.5]",
        f"{_LAYER}trace.py::test_the_capacity_told_is_that_of_the_items[strict]",
        f"{_LAYER}trace.py::test_a_query_costs_the_sum_of_what_it_looks_at_even_if_a_filter_hides_it",
        f"{_LAYER}trace.py::test_a_batch_rounds_each_item_and_a_transaction_costs_double",
        f"{_LAYER}trace.py::test_pynamodb_is_seen_the_same_way",
    ),
)  # fmt: skip
TWO_VERBS = Difference(
    "an action of a transaction may have two verbs", (f"{_WRONG}[actions2-only contain one of]",)
)
HALF_A_KEY = Difference(
    "a transaction takes half a key",
    (f"{_WRONG}[actions6-Missing the key sk]", f"{_WRONG}[actions7-does not match the schema]"),
)
OTHER_WORDS = Difference(
    "a transaction of more than 4 MB is refused in other words", (f"{_WRONG}[actions3-4 MB]",)
)
REMOVE_BELOW_NOTHING = Difference("REMOVE of a path below what is not there is no error")
ELEMENT_OF_NOTHING = Difference("SET of an element passes where there is something else than a list")
STREAM_OF_NOTHING = Difference("a table whose stream is switched off bears the name of one")
DIFFERENCES = (
    READS_COST_ONE, TWO_VERBS, HALF_A_KEY, OTHER_WORDS, REMOVE_BELOW_NOTHING, ELEMENT_OF_NOTHING, STREAM_OF_NOTHING,
)  # fmt: skip
