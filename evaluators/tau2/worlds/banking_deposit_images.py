"""Unlisted tool that shows what an ATM photographed of a deposit."""

from __future__ import annotations

from evaluators.tau2.worlds.banking_discovery import Refusal, discoverable
from evaluators.tau2.worlds.banking_money import dollars
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.banking_texts import Scan, Texts
from evaluators.tau2.worlds.store import Json

HEAD = "ATM Deposit Image Retrieval Results\n=====================================\n"
NO_IMAGES = """--- IMAGE STATUS ---
Status: IMAGES NOT AVAILABLE
Reason: Deposit images for this transaction have either expired (older than 90 days) or were not \
captured by the ATM system.

For deposits without available images, the dispute will proceed based on customer statement and \
ATM journal records only. Investigation timeline may be extended.
"""


class DepositImageTools:
    """Mixed into the agent's toolkit. `texts.scans` is the archive, empty in a pack without it."""

    bank: Bank
    texts: Texts

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
        return shown(transaction_id, deposit, self.texts.scans.get(transaction_id))


def shown(transaction_id: str, deposit: Json, scan: Scan | None) -> str:
    """Write the scan of a deposit, or that there is none."""
    date = deposit.get("date", "Unknown")
    if scan is None:
        return (
            f"{HEAD}Transaction ID: {transaction_id}\nATM: {deposit.get('description', '')}\n"
            f"Deposit Date: {date}\n"
            f"Amount Recorded: {dollars(abs(deposit.get('amount', 0)))}\n\n{NO_IMAGES}"
        )
    return (
        f"{HEAD}Transaction ID: {transaction_id}\nATM: {scan.atm}\nDeposit Date: {date}\n\n"
        f"{scan.scan}\n\n--- VERIFICATION NOTES ---\n{scan.notes}\n"
    )
