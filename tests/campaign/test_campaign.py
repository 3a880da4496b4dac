"""A sample of the campaign; the whole is `python -m tests.campaign.campaign`."""

from tests.campaign.campaign import campaign


def test_bad_inputs_end_as_documented() -> None:
    totals, problems = campaign(70, seed=3)
    assert problems == []
    assert sum(totals.values()) == 70
    assert {kind for kind, _ in totals} >= {"setting", "text file", "ticket", "record", "options"}
    assert sum(times for (_, code), times in totals.items() if code == 2) > 40
