"""Unlisted tool that shows what an ATM photographed of a deposit.

`banking_images.json` holds the scans that the bank's official archive has (tau2-bench, MIT).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from evaluators.tau2.worlds.banking_discovery import Refusal, discoverable
from evaluators.tau2.worlds.banking_money import dollars
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Json

HEAD = "ATM Deposit Image Retrieval Results\n=====================================\n"
NO_IMAGES = """--- IMAGE STATUS ---
Status: IMAGES NOT AVAILABLE
Reason: Deposit images for this transaction have either expired (older than 90 days) or were not \
captured by the ATM system.

For deposits without available images, the dispute will proceed based on customer statement and \
ATM journal records only. Investigation timeline may be extended.
"""


@lru_cache(maxsize=1)
def archive() -> Mapping[str, Any]:
    """Read the scans: transaction id -> atm, scan (lines) and notes."""
    path = Path(__file__).with_name("banking_images.json")
    scans: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return scans


class DepositImageTools:
    """Mixed into the agent's toolkit."""

    bank: Bank

    @discoverable("read")
    def get_atm_deposit_images_8473(self, transaction_id: str) -> str:
        if not transaction_id:
            raise Refusal("Missing required parameter: transaction_id")
        deposit = self.bank.find("bank_account_transaction_history", transaction_id)
        if deposit is None:
            raise Refusal(f"Transaction '{transaction_id}' not found.")
        if deposit.get("type") != "atm_deposit":
            raise Refusal(
                f"Transaction '{transaction_id}' is not an ATM deposit. "
                "This tool only works for ATM deposit transactions."
            )
        place = deposit.get("description", "").upper()
        if "RHO-BANK" not in place and "RHOBANK" not in place:
            raise Refusal(
                f"Transaction '{transaction_id}' is from a third-party ATM. Deposit images are "
                "only available for Rho-Bank ATM deposits. For third-party ATM disputes, a "
                "chargeback request must be submitted to the ATM network."
            )
        return shown(transaction_id, deposit)


def shown(transaction_id: str, deposit: Json) -> str:
    """Write the scan of a deposit, or that there is none."""
    date = deposit.get("date", "Unknown")
    scan = archive().get(transaction_id)
    if scan is None:
        return (
            f"{HEAD}Transaction ID: {transaction_id}\nATM: {deposit.get('description', '')}\n"
            f"Deposit Date: {date}\n"
            f"Amount Recorded: {dollars(abs(deposit.get('amount', 0)))}\n\n{NO_IMAGES}"
        )
    lines = "\n".join(scan["scan"])
    return (
        f"{HEAD}Transaction ID: {transaction_id}\nATM: {scan['atm']}\nDeposit Date: {date}\n\n"
        f"\n{lines}\n\n\n--- VERIFICATION NOTES ---\n{scan['notes']}\n"
    )
