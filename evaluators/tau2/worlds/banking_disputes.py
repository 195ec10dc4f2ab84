"""Unlisted tools for disputed transactions of credit and debit cards."""

from __future__ import annotations

from typing import Any

from evaluators.tau2.worlds.banking_credit_cards import titled
from evaluators.tau2.worlds.banking_discovery import Refusal, discoverable, need, one_of
from evaluators.tau2.worlds.banking_ids import TODAY, prefixed
from evaluators.tau2.worlds.banking_money import dollars
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Json

CREDIT_ACTIONS = ("keep_active", "cancel_and_reissue")
CREDIT_REASONS = (
    "unauthorized_fraudulent_charge",
    "duplicate_charge",
    "incorrect_amount",
    "goods_services_not_received",
    "goods_services_not_as_described",
    "canceled_subscription_still_charging",
    "refund_never_processed",
)
RESOLUTIONS = ("full_refund", "partial_refund")
DEBIT_CATEGORIES = (
    "unauthorized_transaction",
    "atm_cash_discrepancy",
    "atm_deposit_not_credited",
    "duplicate_charge",
    "incorrect_amount",
    "goods_services_not_received",
    "recurring_charge_after_cancellation",
    "card_present_fraud",
    "card_not_present_fraud",
)
FRAUD = ("unauthorized_transaction", "card_present_fraud", "card_not_present_fraud")
DEBIT_TYPES = (
    "pin_purchase",
    "signature_purchase",
    "online_purchase",
    "atm_withdrawal",
    "atm_deposit",
    "recurring_payment",
    "person_to_person",
)
PIN_STATUSES = ("yes_shared", "yes_observed", "no", "unknown")
DEBIT_ACTIONS = ("keep_active", "freeze_pending_investigation", "close_and_reissue")
# The parameters in their official order, which errors about missing ones show.
CREDIT_TAKES = (
    "transaction_id", "card_action", "card_last_4_digits", "full_name", "user_id", "phone",
    "email", "address", "contacted_merchant", "purchase_date", "issue_noticed_date",
    "dispute_reason", "resolution_requested", "eligible_for_provisional_credit",
)  # fmt: skip
DEBIT_TAKES = (
    "transaction_id", "account_id", "card_id", "user_id", "dispute_category", "transaction_date",
    "discovery_date", "disputed_amount", "transaction_type", "card_in_possession",
    "pin_compromised", "contacted_merchant", "police_report_filed", "written_statement_provided",
    "provisional_credit_eligible", "customer_max_liability_amount", "card_action",
)  # fmt: skip
# The order of the records, which listings show.
CREDIT_FIELDS = (
    "transaction_id", "user_id", "card_action", "card_last_4_digits", "full_name", "phone",
    "email", "address", "contacted_merchant", "purchase_date", "issue_noticed_date",
    "dispute_reason", "resolution_requested", "partial_refund_amount",
    "eligible_for_provisional_credit",
)  # fmt: skip
DEBIT_FIELDS = (
    "transaction_id", "account_id", "card_id", "user_id", "dispute_category", "transaction_date",
    "discovery_date", "disputed_amount", "transaction_type", "card_in_possession",
    "pin_compromised", "contacted_merchant", "police_report_filed", "written_statement_provided",
    "provisional_credit_eligible", "provisional_credit_issued", "provisional_credit_amount",
    "customer_max_liability_amount", "card_action",
)  # fmt: skip
DEBIT_NEEDED = (
    "transaction_id", "account_id", "card_id", "user_id", "dispute_category", "transaction_date",
    "discovery_date", "disputed_amount", "transaction_type", "pin_compromised", "card_action",
)  # fmt: skip
DEBIT_FLAGS = (
    "card_in_possession", "contacted_merchant", "police_report_filed",
    "written_statement_provided",
)  # fmt: skip
CREDIT_KINDS = {
    "contacted_merchant": "bool",
    "eligible_for_provisional_credit": "bool",
    "partial_refund_amount": "float",
}
DEBIT_KINDS = {
    **dict.fromkeys((*DEBIT_FLAGS, "provisional_credit_eligible"), "bool"),
    **dict.fromkeys(("disputed_amount", "customer_max_liability_amount"), "float"),
}
CREDIT_CHOICES = {
    "card_action": CREDIT_ACTIONS,
    "dispute_reason": CREDIT_REASONS,
    "resolution_requested": RESOLUTIONS,
}
DEBIT_CHOICES = {
    "dispute_category": DEBIT_CATEGORIES,
    "transaction_type": DEBIT_TYPES,
    "pin_compromised": PIN_STATUSES,
    "card_action": DEBIT_ACTIONS,
}
TAKEN = "Dispute may have already been filed for this transaction."


def dispute_id(user_id: Any, transaction_id: Any) -> str:
    return prefixed("dsp", "dispute", user_id, transaction_id)


def check_debit_dispute(given: Json) -> None:
    """Refuse a debit card dispute with missing or wrong arguments."""
    need((), *(given[name] for name in DEBIT_NEEDED))
    if given["customer_max_liability_amount"] is None:
        raise Refusal("customer_max_liability_amount is required.")
    if any(given[name] is None for name in DEBIT_FLAGS):
        *first, last = DEBIT_FLAGS
        raise Refusal(f"{', '.join(first)}, and {last} are required boolean fields.")
    for name, allowed in DEBIT_CHOICES.items():
        one_of(name, given[name], allowed)
    if given["disputed_amount"] <= 0:
        raise Refusal("disputed_amount must be a positive number.")


def credit_receipt(dispute: Json) -> list[str]:
    """Write what the agent is told of a credit card dispute; raises ValueError on odd amounts."""
    lines = [
        "Credit card transaction dispute filed successfully. "
        "A case has been opened and will be reviewed within 10 business days.",
        "",
        "Executed: file_credit_card_transaction_dispute_4829",
        f"Dispute ID: {dispute['dispute_id']}",
        f"Transaction: {dispute['transaction_id']}",
        f"Reason: {titled(dispute['dispute_reason'])}",
        f"Resolution Requested: {titled(dispute['resolution_requested'])}",
    ]
    if partial := dispute["partial_refund_amount"]:
        lines.append(f"Partial Refund Amount: {dollars(partial)}")
    if dispute["eligible_for_provisional_credit"]:
        credit = "ELIGIBLE - Credit will be applied within 2 business days."
    else:
        credit = "Not eligible at this time."
    return [*lines, f"Provisional Credit: {credit}"]


def debit_receipt(dispute: Json) -> list[str]:
    """Write what the agent is told of a debit card dispute."""
    amount = dispute["disputed_amount"]
    lines = [
        f"Dispute ID: {dispute['dispute_id']}",
        f"Transaction: {dispute['transaction_id']}",
        f"Account: {dispute['account_id']}",
        f"Category: {titled(dispute['dispute_category'])}",
        f"Disputed Amount: {dollars(amount)}",
        f"Card Action: {titled(dispute['card_action'])}",
    ]
    if dispute["provisional_credit_eligible"]:
        lines.append(
            f"Provisional Credit: ISSUED - {dollars(amount)} credited "
            "within 10 business days per Regulation E."
        )
    else:
        lines.append(
            "Provisional Credit: Not eligible - "
            "see Debit Card Provisional Credit Guidelines for details."
        )
    if dispute["pin_shared_voluntarily"]:
        lines.append(
            "WARNING: Customer indicated PIN was shared voluntarily. "
            "This may affect liability determination."
        )
    if dispute["is_fraud_category"] and not dispute["police_report_filed"] and amount > 500:
        lines.append(
            "RECOMMENDATION: For fraud disputes over $500, filing a police report is recommended."
        )
    return lines


class DisputeTools:
    """Mixed into the agent's toolkit."""

    bank: Bank

    @discoverable(
        "write", takes=CREDIT_TAKES, optional=("partial_refund_amount",), kinds=CREDIT_KINDS
    )
    def file_credit_card_transaction_dispute_4829(self, given: Json) -> str:
        given.setdefault("partial_refund_amount", None)
        need((), given["transaction_id"], given["user_id"])
        for name, allowed in CREDIT_CHOICES.items():
            one_of(name, given[name], allowed)
        partial = given["resolution_requested"] == "partial_refund"
        if partial and given["partial_refund_amount"] is None:
            raise Refusal(
                "partial_refund_amount is required when resolution_requested is 'partial_refund'."
            )
        key = dispute_id(given["user_id"], given["transaction_id"])
        dispute = {
            "dispute_id": key,
            **{name: given[name] for name in CREDIT_FIELDS},
            "provisional_credit_given": given["eligible_for_provisional_credit"],
            "submitted_at": TODAY,
            "status": "SUBMITTED",
        }
        if not self.bank.add("transaction_disputes", key, dispute):
            raise Refusal(TAKEN)
        return "\n".join(credit_receipt(dispute))

    @discoverable("write", takes=DEBIT_TAKES, kinds=DEBIT_KINDS)
    def file_debit_card_transaction_dispute_6281(self, given: Json) -> str:
        check_debit_dispute(given)
        eligible, amount = given["provisional_credit_eligible"], given["disputed_amount"]
        given["provisional_credit_issued"] = eligible
        given["provisional_credit_amount"] = amount if eligible else None
        key = dispute_id(given["user_id"], given["transaction_id"])
        dispute = {
            "dispute_id": key,
            **{name: given[name] for name in DEBIT_FIELDS},
            "is_fraud_category": given["dispute_category"] in FRAUD,
            "pin_shared_voluntarily": given["pin_compromised"] == "yes_shared",
            "submitted_at": TODAY,
            "status": "OPEN",
        }
        if not self.bank.add("debit_card_disputes", key, dispute):
            raise Refusal(TAKEN)
        return "\n".join(debit_receipt(dispute))
