"""Totals: one line says whether every record is accounted for."""

from __future__ import annotations

import collections

from hypothesis import given
from hypothesis import strategies as st

from loader.ledger import DONE, FAILED, SKIPPED, Account, Ledger
from loader.metrics import NO_TYPE, Totals
from loader.rules.rule import Rule


def account(status: str = DONE, log_type: str = "demo", outputs: str = "a", **numbers: object) -> Account:
    delivered, refused = (collections.Counter(numbers.pop(name, {})) for name in ("delivered", "refused"))  # type: ignore[arg-type]
    ledger = Ledger(tuple(outputs), delivered=delivered, refused=refused, **numbers)  # type: ignore[arg-type]
    return Account(1, "s3://b/k", "k", log_type, status, ledger=ledger)


def totals(*accounts: Account) -> Totals:
    found = Totals()
    for one in accounts:
        found.add(one)
    return found


def test_a_sound_run_balances_in_one_line() -> None:
    run = totals(account(read=2000, excluded=10, rejected=5, delivered={"a": 1984}, refused={"a": 1}), account(SKIPPED, "", ""))
    assert run.balance() == "The account balances: 2,000 read = 10 excluded + 6 rejected + 1,984 delivered."
    assert run.sound
    assert run.failed == 0


def test_a_run_of_nothing_balances() -> None:
    assert totals().balance() == "The account balances: 0 read = 0 excluded + 0 rejected + 0 delivered."


def test_failed_objects_are_told_with_what_of_them_did_not_arrive_and_the_account_still_balances() -> None:
    run = totals(account(read=5, delivered={"a": 5}), account(FAILED, read=10, rejected=1, delivered={"a": 4}), account(FAILED, "other", outputs=""))
    assert run.balance() == "The account balances: 15 read = 0 excluded + 1 rejected + 9 delivered + 5 not delivered, of 2 failed objects."
    assert run.sound
    assert run.failed == 2


def test_an_object_called_done_that_does_not_balance_is_told_by_name() -> None:
    run = totals(account(read=5, delivered={"a": 4}))
    assert not run.sound
    assert run.balance().startswith("The account does NOT balance: 5 read = 0 excluded + 0 rejected + 4 delivered + 1 not delivered")
    assert run.balance().endswith("; see s3://b/k")


def test_more_delivered_than_read_is_unsound_also_for_a_failed_object_or_behind_another_that_lacks_as_many() -> None:
    assert not totals(account(FAILED, read=1, delivered={"a": 2})).sound
    run = totals(account(FAILED, read=2, delivered={"a": 1}), account(FAILED, read=1, delivered={"a": 2}))
    assert "does NOT balance" in run.balance()


def test_of_several_outputs_the_one_that_lacks_most_gives_the_numbers() -> None:
    run = totals(account(FAILED, outputs="ab", read=10, delivered={"a": 10, "b": 6}, refused={"b": 1}))
    assert run.balance() == "The account balances: 10 read = 0 excluded + 1 rejected + 6 delivered + 3 not delivered, of 1 failed objects."
    total = run.by_type["demo"]
    assert (total.slowest, total.delivered, total.rejected, total.undelivered) == ("b", 6, 1, 3)


def test_what_another_output_had_before_is_not_what_this_run_has_delivered() -> None:
    """The first was up the last time, the second is up again."""
    run = totals(account(outputs="ab", read=10, delivered={"b": 10}, earlier=collections.Counter(a=10)))
    assert run.balance() == "The account balances: 10 read = 0 excluded + 0 rejected + 10 delivered."


def test_outputs_that_differ_are_told_apart() -> None:
    run = totals(
        account(FAILED, outputs="ab", read=1010, delivered={"a": 1010}),
        account(outputs="ab", read=10, delivered={"b": 9}, refused={"b": 1}, earlier=collections.Counter(a=10)),
        account(log_type="other", outputs="a", read=5, delivered={"a": 5}),
    )
    assert list(run.by_output()) == ["a: 1,015 delivered, 10 delivered in an earlier try", "b: 9 delivered, 1 refused, 1,010 not delivered"]


def test_outputs_that_went_the_same_are_not_told_apart() -> None:
    same = account(outputs="ab", read=5, delivered={"a": 5, "b": 5})
    assert list(totals(same, account(log_type="other", read=2, delivered={"a": 2})).by_output()) == []


def test_what_the_end_cuts_short_counts_by_itself() -> None:
    run = Totals()
    run.put_down(account(FAILED, read=7, delivered={"a": 5}))
    run.put_down(account(FAILED))
    assert (run.cut_short, run.arrived) == (1, 5)
    assert run.balance() == "The account balances: 0 read = 0 excluded + 0 rejected + 0 delivered."


def test_outputs_that_refuse_different_records_of_one_object_still_balance() -> None:
    run = totals(account(outputs="ab", read=10, delivered={"a": 9, "b": 7}, refused={"a": 1, "b": 3}))
    assert run.sound
    assert run.balance().startswith("The account balances: 10 read = ")


def test_objects_are_counted_by_type_and_how_they_ended() -> None:
    run = totals(account(), account(FAILED), account(SKIPPED, "", ""), account(DONE, "other"))
    counts = {name: dict(total.objects) for name, total in run.by_type.items()}
    assert counts == {"demo": {DONE: 1, FAILED: 1}, NO_TYPE: {SKIPPED: 1}, "other": {DONE: 1}}


def test_rules_are_unmet_where_their_types_had_records_and_none_met_them() -> None:
    run = totals(account(read=2, delivered={"a": 2}, rules=collections.Counter({"met": 1})), account(log_type="empty"))
    rules = [Rule("met", "demo"), Rule("idle", "d*"), Rule("no records", "empty"), Rule("no objects", "other")]
    assert [rule.name for rule in run.unmet(rules)] == ["idle"]


PARTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.sampled_from(["x", "y"])), max_size=5)


@given(PARTS)
def test_any_run_of_true_accounts_balances(parts: list[tuple[int, int, int, int, str]]) -> None:
    run = Totals()
    for excluded, rejected, refused, delivered, log_type in parts:
        numbers = {"read": excluded + rejected + refused + delivered, "excluded": excluded, "rejected": rejected}
        run.add(account(DONE, log_type, "ab", **numbers, delivered={"a": delivered, "b": delivered + refused}, refused={"a": refused}))
    assert run.sound
    assert run.balance().startswith("The account balances")
