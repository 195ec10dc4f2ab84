"""The customer's side of the bank: six tools that are listed, four that the agent gives."""

from __future__ import annotations

import json

from evaluators.tau2.worlds import banking_discovery as discovery
from evaluators.tau2.worlds.banking_given_tools import GivenTools, referral
from evaluators.tau2.worlds.banking_ids import TODAY, digest, referral_id, transaction_id
from evaluators.tau2.worlds.banking_money import dollars
from evaluators.tau2.worlds.banking_query import empty, listing
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Store
from evaluators.tau2.worlds.toolkit import Toolkit, tool

# Card -> percentage of a purchase that is earned, by category ("" is any other).
REWARDS: dict[str, dict[str, float]] = {
    "Bronze Rewards Card": {"": 1.0},
    "Silver Rewards Card": {"Travel": 4.0, "Software": 4.0, "": 1.0},
    "Gold Rewards Card": {"": 2.5},
    "Platinum Rewards Card": {"": 10.0},
    "Business Bronze Rewards Card": {"": 1.0},
    "Business Silver Rewards Card": {"Travel": 10.0, "Software": 10.0, "": 1.0},
    "Green Rewards Card": {"Sustainable": 3.0, "": 1.0},
    "Business Gold Rewards Card": {"Operations": 2.5, "": 1.0},
    "Business Platinum Rewards Card": {"Travel": 4.0, "Software": 4.0, "Media": 4.0, "": 1.5},
    "Silver Zoom Card": {"Transportation": 3.0, "": 1.0},
    "Diamond Elite Card": {"": 5.0},
    "EcoCard": {"Green": 5.0, "": 1.0},
    "Crypto-Cash Back": {"": 2.0},
}


class KnowledgeUserTools(GivenTools, Toolkit):
    """What the customer may do."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.bank = Bank(self)

    @tool("write")
    def apply_for_credit_card(
        self,
        card_type: str,
        customer_name: str,
        annual_income: float,
        rho_bank_subscription: bool = False,
    ) -> str:
        if card_type not in sorted(REWARDS):
            return f"Error: Invalid card_type '{card_type}'. Must be one of: {sorted(REWARDS)}"
        try:
            income = float(annual_income)
        except (TypeError, ValueError):
            return "Error: Invalid annual_income. Must be a number."
        key = digest(f"credit_card:{card_type}:{customer_name}:{income}:{rho_bank_subscription}")
        application = {
            "application_id": key,
            "card_type": card_type,
            "customer_name": customer_name,
            "annual_income": income,
            "rho_bank_subscription": rho_bank_subscription,
            "status": "PENDING",
            "date": TODAY,
        }
        if not self.bank.add("credit_card_applications", key, application):
            return f"Failed to submit application: Record ID '{key}' may already exist."
        return (
            "Credit card application submitted:\n"
            "Your application has been successfully submitted. "
            "You will receive a decision within 5-7 business days via email."
        )

    @tool("write")
    def submit_referral(self, user_id: str, account_type: str) -> str:
        key = referral_id(user_id, account_type)
        if not self.bank.add("referrals", key, referral(key, user_id, account_type)):
            return f"Failed to submit referral: Record ID '{key}' may already exist."
        return (
            "Referral request submitted successfully!\n"
            f"  - Referral ID: {key}\n"
            f"  - Referrer ID: {user_id}\n"
            f"  - Account Type: {account_type}\n"
            "  - Status: NO_PROGRESS\n"
            f"  - Date: {TODAY}\n\n"
            "Share your referral ID with the person you're referring. "
            "They will need to use this when applying for their account."
        )

    @tool("write")
    def call_discoverable_user_tool(
        self, discoverable_tool_name: str, arguments: str = "{}"
    ) -> str:
        name = discoverable_tool_name
        if not discovery.is_discoverable(type(self), name):
            return f"Error: Unknown discoverable tool '{name}'."
        try:
            given = json.loads(arguments, parse_int=float)  # 33 and 33.0 must leave the same ids
        except json.JSONDecodeError as error:
            return f"Error: Invalid JSON in arguments: {error}"
        known = [p for p in discovery.parameters(type(self), name) if p != "self"]
        for parameter in known:  # all are required
            if parameter not in given:
                return f"Error: Missing required parameter: {parameter}"
        for argument in given:
            if argument not in known:
                return f"Error: Unexpected parameter: {argument}"
        try:
            return discovery.call(self, name, given)
        except TypeError as error:
            return f"Error: Invalid arguments for tool '{name}': {error}"

    @tool("read")
    def list_discoverable_user_tools(self) -> str:
        given = listing(self.bank, "user_discoverable_tools", "{}")
        return f"Tools given to you by the agent:\n{given}"

    @tool("write")
    def request_human_agent_transfer(self) -> str:
        asked = listing(self.bank, "human_transfer_requests", "{}")
        number = 1 if empty(asked) else asked.count("request_id") + 1
        key = f"transfer_request_{number}"
        request = {
            "request_id": key,
            "request_number": number,
            "requested_at": TODAY,
            "status": "PENDING",
        }
        self.bank.add("human_transfer_requests", key, request)
        return f"Transfer request #{number} submitted.\nThe agent will process your request."

    @tool("write")
    def submit_transaction(
        self,
        user_id: str,
        credit_card_type: str,
        merchant_name: str,
        amount: float,
        category: str,
    ) -> str:
        if credit_card_type not in REWARDS:
            return (
                f"Error: Unknown credit card type '{credit_card_type}'. "
                f"Available types: {list(REWARDS)}"
            )
        key = transaction_id(user_id, credit_card_type, merchant_name, amount, category)
        rates = REWARDS[credit_card_type]
        rate = rates.get(category, rates[""])
        points = int(amount * rate)
        record = {
            "transaction_id": key,
            "user_id": user_id,
            "credit_card_type": credit_card_type,
            "merchant_name": merchant_name,
            "transaction_amount": dollars(amount),
            "transaction_date": TODAY,
            "category": category,
            "status": "COMPLETED",
            "rewards_earned": f"{points} points",
        }
        if not self.bank.add("credit_card_transaction_history", key, record):
            return f"Failed to submit transaction: Record ID '{key}' may already exist."
        return (
            "Transaction submitted successfully!\n"
            f"  - Transaction ID: {key}\n"
            f"  - User ID: {user_id}\n"
            f"  - Card Type: {credit_card_type}\n"
            f"  - Merchant: {merchant_name}\n"
            f"  - Amount: {dollars(amount)}\n"
            f"  - Category: {category}\n"
            f"  - Date: {TODAY}\n"
            f"  - Rewards Earned: {points} points ({rate}% cashback rate)\n"
        )
