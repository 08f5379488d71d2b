"""docs/assumed.md: every value of the policy data that is not certain is on it, and the effects are computed anew."""

from __future__ import annotations

from pathlib import Path

import relending as rl
from relending.policy import ASSUMPTIONS
from tests.site import assumed

PAGE = (Path(__file__).parents[2] / "docs" / "assumed.md").read_text(encoding="utf-8")


def test_the_page_is_made_anew_the_same() -> None:
    """Every trial is run again: a figure that moved or a source made better fails here (make docs)."""
    assert assumed.page() == PAGE


def test_every_uncertain_value_is_on_the_page_with_its_source() -> None:
    policy = rl.data("policy")
    uncertain = policy[policy["status"] != "in_force"]
    assert set(uncertain["status"]) == {"assumption", "unconfirmed"} and len(uncertain) > 80
    for row in uncertain.to_dict("records"):
        assert row["source"] in PAGE and row["text"] in PAGE, row


def test_every_topic_speaks_of_something_uncertain_and_each_parameter_has_one() -> None:
    named = [parameter for topic in assumed.topics() for parameter in topic["parameters"]]
    assert len(named) == len(set(named))
    assert set(named) == {row["parameter"] for row in assumed.uncertain()}
    assert {p for topic in assumed.topics() if topic["kind"] == "option" for p in topic["parameters"]} == set(
        ASSUMPTIONS
    )


def test_every_option_with_another_reading_is_tried() -> None:
    """Where nothing is tried the page says why no figure of the run can move, or gives the factor."""
    silent = {t["parameters"][0] for t in assumed.topics() if not t.get("trial")}
    assert silent == {"day_count", "disclosure_required", "selection", "lender_class"}


def test_the_texts_are_complete_in_both_languages() -> None:
    for topic in assumed.topics():
        texts = [topic[key] for key in ("says", "speaks", "wrong")] + [
            trial["what"] for trial in topic.get("trial", ())
        ]
        for text in texts:
            assert set(text) == {"en", "zh"} and all(text.values())
