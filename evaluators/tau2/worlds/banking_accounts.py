"""Unlisted tools that open and close bank accounts and report interest that is off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from evaluators.tau2.worlds.banking_discovery import Refusal, discoverable, need, one_of
from evaluators.tau2.worlds.banking_ids import TODAY, digest
from evaluators.tau2.worlds.banking_money import balance_of, dollars
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Json

NOW = datetime(2025, 11, 14, 3, 40)
ACCOUNT_TYPES = ("checking", "savings", "business_checking", "business_savings")
PERSONAL_CHECKING = ("checking", "personal_checking")
IN_USE = ("OPEN", "ACTIVE")
INELIGIBLE = "Account eligibility requirements not met."

# Level of a personal account -> fee in dollars if it is closed within so many days.
EARLY_CLOSURE: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "checking": {
        "Light Blue Account": (15, 30),
        "Light Green Account": (15, 30),
        "Green Fee-Free Account": (15, 30),
        "Blue Account": (25, 60),
        "Green Account": (25, 60),
        "Evergreen Account": (50, 90),
        "Bluest Account": (100, 180),
    },
    "savings": {
        "Bronze Account": (20, 60),
        "Silver Account": (35, 90),
        "Silver Plus Account": (35, 90),
        "Gold Account": (75, 180),
        "Gold Plus Account": (75, 180),
        "Gold Years Account": (75, 180),
        "Platinum Account": (150, 270),
        "Platinum Plus Account": (150, 270),
        "Diamond Elite Account": (150, 270),
    },
}


def age_days(date_opened: str, now: datetime = NOW) -> int:
    """Return an account's age; raises ValueError where the date is none."""
    return (now - datetime.strptime(date_opened, "%m/%d/%Y")).days


def has(accounts: Iterable[Json], types: Sequence[str], days: int | None = None) -> bool:
    """Say whether an account of these types is in use, and for so many days if asked."""
    return any(
        account.get("account_type", account.get("class", "")) in types
        and account.get("status", "") in IN_USE
        and (days is None or old_enough(account, days))
        for account in accounts
    )


def old_enough(account: Json, days: int) -> bool:
    try:
        return age_days(account.get("date_opened", "")) >= days
    except ValueError:
        return days <= 0


def may_open_savings(accounts: Sequence[Json]) -> bool:
    return has(accounts, PERSONAL_CHECKING, 14)


def may_open_business_checking(accounts: Sequence[Json]) -> bool:
    closed = any(account.get("status") == "CLOSED" for account in accounts)
    return not closed and has(accounts, PERSONAL_CHECKING)


def may_open_business_savings(accounts: Sequence[Json]) -> bool:
    overdrawn = any(balance_of(account) < 0 for account in accounts)
    return not overdrawn and has(accounts, ("business_checking",), 30)


ELIGIBLE: Mapping[str, Callable[[Sequence[Json]], bool]] = {
    "savings": may_open_savings,
    "business_checking": may_open_business_checking,
    "business_savings": may_open_business_savings,
}


class AccountTools:
    """Mixed into the agent's toolkit."""

    bank: Bank

    @discoverable("write")
    def open_bank_account_4821(self, user_id: str, account_type: str, account_class: str) -> str:
        need((), user_id, account_type, account_class)
        one_of("account_type", account_type, ACCOUNT_TYPES)
        mine = [account for _, account in self.bank.where("accounts", user_id=user_id)]
        if account_type in ELIGIBLE and not ELIGIBLE[account_type](mine):
            raise Refusal(INELIGIBLE)
        key = digest(f"account:{user_id}:{account_type}:{account_class}")
        account = {
            "account_id": key,
            "user_id": user_id,
            "account_type": account_type,
            "account_class": account_class,
            "current_holdings": "0.00",
            "status": "OPEN",
            "date_opened": TODAY,
        }
        if not self.bank.add("accounts", key, account):
            return f"Failed to open account: Account ID '{key}' may already exist."
        return (
            "Bank account opened successfully!\n"
            f"  - Account ID: {key}\n"
            f"  - User ID: {user_id}\n"
            f"  - Account Type: {account_type}\n"
            f"  - Account Class: {account_class}\n"
            "  - Status: OPEN\n"
            "  - Initial Balance: $0.00\n"
            f"  - Date Opened: {TODAY}"
        )

    @discoverable("write")
    def close_bank_account_7392(
        self,
        account_id: str,
        reason: str = "Customer requested closure",
        waive_early_closure_fee: bool = False,
    ) -> str:
        if not account_id:
            raise Refusal("Missing required parameter (account_id).")
        account = self.bank.find("accounts", account_id)
        if account is None:
            raise Refusal(f"Account '{account_id}' not found.")
        if account.get("status") == "CLOSED":
            raise Refusal(f"Account '{account_id}' is already closed.")
        balance = balance_of(account)
        fee = 0 if waive_early_closure_fee else early_closure_fee(account)
        if fee and balance < fee:
            raise Refusal("Account unable to be closed.")
        if balance - fee != 0:
            raise Refusal(
                f"Account balance must be $0.00 before closing. Current balance: {dollars(balance)}"
            )
        account = self.bank.put(
            "accounts",
            account_id,
            status="CLOSED",
            date_closed=TODAY,
            closure_reason=reason,
            early_closure_fee_waived=waive_early_closure_fee,
        )
        return (
            "Bank account closed successfully!\n"
            f"  - Account ID: {account_id}\n"
            f"  - Account Type: {account.get('account_type', 'N/A')}\n"
            f"  - Account Class: {account.get('account_class', 'N/A')}\n"
            "  - Status: CLOSED\n"
            f"  - Date Closed: {TODAY}\n"
            f"  - Reason: {reason}\n"
            f"  - Early Closure Fee Waived: {'Yes' if waive_early_closure_fee else 'No'}"
        )

    @discoverable("write")
    def submit_interest_discrepancy_report_7294(
        self,
        account_id: str,
        user_id: str,
        expected_apy: float,
        actual_apy: float,
        amount_difference: float,
    ) -> str:
        given = (expected_apy, actual_apy, amount_difference)
        need((), account_id, user_id, None not in given)
        expected, actual, missing = numbers(given)
        account = self.bank.find("accounts", account_id)
        if account is None:
            raise Refusal(f"Account '{account_id}' not found.")
        user = self.bank.find("users", user_id)
        if user is None:
            raise Refusal(f"User '{user_id}' not found.")
        # The report itself goes nowhere: the official database has no table for it.
        seed = f"interest_report:{account_id}:{user_id}:{expected}:{actual}:{TODAY}"
        return (
            "\nInterest Discrepancy Report Submitted Successfully!\n"
            f"  - Report ID: IDR_{digest(seed)}\n"
            f"  - Account: {account_id} ({account.get('level', 'Unknown')})\n"
            f"  - Customer: {user.get('name', 'Unknown')}\n"
            f"  - Expected APY: {expected}%\n"
            f"  - Actual APY: {actual}%\n"
            f"  - APY Difference: {round(expected - actual, 4)}%\n"
            f"  - Amount Difference: {dollars(missing)}\n"
            "  - Status: PENDING_REVIEW\n"
            "\nThe backend team will investigate this discrepancy and ensure "
            "correct APY calculations are applied going forward."
        )


def early_closure_fee(account: Json) -> int:
    """Return the fee for closing a young personal account, 0 for an old one."""
    rule = EARLY_CLOSURE.get(account.get("class", ""), {}).get(account.get("level", ""))
    opened = account.get("date_opened", "")
    if rule is None or not opened:
        return 0
    fee, window = rule
    try:
        return fee if age_days(opened) < window else 0
    except ValueError:
        return 0


def numbers(values: tuple[Any, Any, Any]) -> tuple[float, float, float]:
    try:
        first, second, third = map(float, values)
    except (TypeError, ValueError):
        raise Refusal("expected_apy, actual_apy, and amount_difference must be numbers.") from None
    return first, second, third
