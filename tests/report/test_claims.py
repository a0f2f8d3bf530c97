"""What a claim is called on pages and the console."""

from typing import get_args

import numpy as np
import pytest

from mimicry.report.claims import claim_lines, claim_sentence, claim_title, reasons_of
from mimicry.scoring.claims import Claim

ROW = {"condition": "sad", "phase": "watch", "targets": "AU01 AU15", "opponents": "AU12"}
MIMICRY = ("mimicry", "counter-mimicry")


@pytest.mark.parametrize("claim", get_args(Claim))
def test_every_claim_has_a_sentence_and_only_mimicry_is_called_so(claim):
    row = {**ROW, "claim": claim}
    text = f"{claim_title(row)}. {claim_sentence(row)}".replace("no mimicry", "")
    assert ("mimicry" in text) == (claim in MIMICRY)
    assert "AU01, AU15" in text
    assert "{" not in text


@pytest.mark.parametrize("claim", ["", None, np.nan])
@pytest.mark.parametrize(
    ("codes", "why"),
    [("claim=no_variance;p=x", " (no variance)"), ("*=too_few_trials", " (too few trials)"),
     (None, ""), (np.nan, "")],
)  # fmt: skip
def test_a_missing_claim_says_why(claim, codes, why):
    row = {**ROW, "claim": claim, "nan_reasons": codes}
    assert claim_title(row) == "no claim"
    assert claim_sentence(row) == f"Nothing can be said{why}."


def test_lines_leave_out_what_has_no_claim_of_its_own():
    rows = [
        {**ROW, "claim": "none"},
        {**ROW, "condition": "neutral", "targets": None, "claim": None},
        {**ROW, "condition": "neutral", "targets": "", "claim": ""},
        {**ROW, "condition": "happy", "nan_reasons": "claim=shared_contrast"},
        {**ROW, "condition": "angry", "phase": None, "claim": "mimicry"},
    ]
    assert claim_lines(rows) == [
        f"sad, watch: no emotion-specific response shown. {claim_sentence(rows[0])}",
        f"angry: mimicry. {claim_sentence(rows[4])}",
    ]


def test_reasons_are_read_by_column():
    assert reasons_of("p=no_pairs;claim=no_pairs") == {"p": "no_pairs", "claim": "no_pairs"}
    assert reasons_of(None) == reasons_of(np.nan) == reasons_of("") == {}
