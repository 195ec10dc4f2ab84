"""The bank's service desk: the fourteen tools the agent is offered, and the unlisted ones."""

from __future__ import annotations

import json
from collections.abc import Collection

from evaluators.tau2.worlds import banking_discovery as discovery
from evaluators.tau2.worlds.banking_accounts import AccountTools
from evaluators.tau2.worlds.banking_app import KnowledgeUserTools
from evaluators.tau2.worlds.banking_card_controls import CardControlTools
from evaluators.tau2.worlds.banking_card_limits import CardLimitTools
from evaluators.tau2.worlds.banking_card_orders import CardOrderTools
from evaluators.tau2.worlds.banking_credit_cards import CreditCardTools
from evaluators.tau2.worlds.banking_credit_limits import CreditLimitTools
from evaluators.tau2.worlds.banking_debit_cards import DebitCardTools
from evaluators.tau2.worlds.banking_deposit_images import DepositImageTools
from evaluators.tau2.worlds.banking_disputes import DisputeTools
from evaluators.tau2.worlds.banking_handovers import REASONS, HandoverTools
from evaluators.tau2.worlds.banking_histories import HistoryTools
from evaluators.tau2.worlds.banking_ids import digest, verification_id
from evaluators.tau2.worlds.banking_payments import PaymentTools
from evaluators.tau2.worlds.banking_query import listing, lookup
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.banking_texts import Texts
from evaluators.tau2.worlds.store import Json, Store
from evaluators.tau2.worlds.toolkit import Toolkit, tool

VERIFIED = (
    "name", "user_id", "address", "email", "phone_number", "date_of_birth", "time_verified",
)  # fmt: skip


class KnowledgeTools(
    HandoverTools,
    CreditCardTools,
    CreditLimitTools,
    PaymentTools,
    DisputeTools,
    DepositImageTools,
    AccountTools,
    DebitCardTools,
    CardControlTools,
    CardLimitTools,
    CardOrderTools,
    HistoryTools,
    Toolkit,
):
    """What the agent may call. `logged_reads` are unlisted reads whose calls leave a trace.

    Calls of unlisted tools that write always do. Which reads count follows from the task, so that
    an agent that looks twice is not told apart by its database. `texts` describe unlisted tools.
    """

    def __init__(self, store: Store, logged_reads: Collection[str], texts: Texts) -> None:
        super().__init__(store)
        self.texts = texts
        self.bank = Bank(self)
        self.logged_reads = logged_reads
        self.unlocked: set[str] = set()

    @tool("generic")
    def transfer_to_human_agents(self, summary: str, reason: str = "other") -> str:
        if reason not in REASONS:
            return (
                f"Error: Invalid transfer reason '{reason}'. Must be one of: {', '.join(REASONS)}"
            )
        return f"Transfer successful (reason: {reason}). A human agent will assist you shortly."

    @tool("read")
    def get_current_time(self) -> str:
        return "The current time is 2025-11-14 03:40:00 EST."

    @tool("read")
    def get_user_information_by_id(self, user_id: str) -> str:
        return lookup(self.bank, "users", "user_id", user_id)

    @tool("read")
    def get_user_information_by_name(self, customer_name: str) -> str:
        return lookup(self.bank, "users", "name", customer_name)

    @tool("read")
    def get_user_information_by_email(self, email: str) -> str:
        return lookup(self.bank, "users", "email", email)

    @tool("write")
    def change_user_email(self, user_id: str, new_email: str) -> str:
        if self.bank.find("users", user_id) is None:
            return f"Error: User with ID '{user_id}' not found."
        self.bank.put("users", user_id, email=new_email)
        return f"Email updated successfully.\n  - User ID: {user_id}\n  - New Email: {new_email}"

    @tool("read")
    def get_referrals_by_user(self, user_id: str) -> str:
        return lookup(self.bank, "referrals", "referrer_id", user_id)

    @tool("read")
    def get_credit_card_transactions_by_user(self, user_id: str) -> str:
        return lookup(self.bank, "credit_card_transaction_history", "user_id", user_id)

    @tool("read")
    def get_credit_card_accounts_by_user(self, user_id: str) -> str:
        return lookup(self.bank, "credit_card_accounts", "user_id", user_id)

    @tool("write", takes=VERIFIED)
    def log_verification(self, verified: Json) -> str:
        user_id, time = verified["user_id"], verified["time_verified"]
        key = verification_id(user_id, time)
        record = {name: verified[name] for name in VERIFIED}
        if not self.bank.add("verification_history", key, record):
            return "Failed to log verification: Record may already exist."
        return (
            "Verification logged successfully.\n"
            f"  - User: {verified['name']} (ID: {user_id})\n"
            f"  - Verified at: {time}"
        )

    @tool("generic", mutates=True)
    def give_discoverable_user_tool(
        self, discoverable_tool_name: str, arguments: str = "{}"
    ) -> str:
        name = discoverable_tool_name
        if not isinstance(name, str):
            raise TypeError(f"attribute name must be string, not {type(name).__name__!r}")
        if not discovery.is_discoverable(KnowledgeUserTools, name):
            return f"Error: Unknown discoverable tool '{name}'."
        try:
            given = json.loads(arguments)
        except json.JSONDecodeError as error:
            return f"Error: Invalid JSON in arguments: {error}"
        known = discovery.parameters(KnowledgeUserTools, name)
        for argument in given:
            if argument not in known:
                return f"Error: Unexpected parameter: {argument}"
        key = digest(f"user_discoverable_tool:{name}")
        record = {"tool_name": name, "status": "GIVEN"}
        self.bank.add("user_discoverable_tools", key, record)
        shown = json.dumps(given, indent=2) if given else "(no arguments)"
        return (
            f"Tool given to user: {name}\n"
            f"Description: {self.texts.manual(KnowledgeUserTools, name).description}\n"
            f"Arguments: {shown}\n\n"
            "The user can now execute this action by calling `call_discoverable_user_tool` "
            f"with discoverable_tool_name='{name}' and the same arguments."
        )

    @tool("generic", mutates=True)
    def unlock_discoverable_agent_tool(self, agent_tool_name: str) -> str:
        name = agent_tool_name
        if not discovery.is_discoverable(type(self), name):
            return f"Error: Unknown agent tool '{name}'. This tool is not available."
        self.unlocked.add(name)
        manual = self.texts.manual(type(self), name)
        return (
            f"Tool unlocked: {name}\n"
            f"Description: {manual.description}\n\n"
            f"{manual.text(name)}\n\n"
            "You can now use this tool by calling `call_discoverable_agent_tool` with "
            f"agent_tool_name='{name}' and the required arguments."
        )

    @tool("write")
    def call_discoverable_agent_tool(self, agent_tool_name: str, arguments: str = "{}") -> str:
        name = agent_tool_name
        if not discovery.is_discoverable(type(self), name):
            return f"Error: Unknown agent tool '{name}'. This tool is not available."
        if name not in self.unlocked:
            return (
                f"Error: Tool '{name}' has not been unlocked. You must first use "
                "`unlock_discoverable_agent_tool` to unlock this tool before calling it."
            )
        try:
            given = json.loads(arguments, parse_int=float)  # 33 and 33.0 must leave the same ids
        except json.JSONDecodeError as error:
            return f"Error: Invalid JSON in arguments: {error}"
        try:
            answer = discovery.call(self, name, given)
        except TypeError as error:
            return f"Error: Invalid arguments: {error}"
        if self.declared[name].mutates or name in self.logged_reads:
            record = {"tool_name": name, "status": "CALLED"}
            key = digest(f"agent_discoverable_tool:{name}")
            self.bank.add("agent_discoverable_tools", key, record)
        return answer

    @tool("read")
    def list_discoverable_agent_tools(self) -> str:
        return f"Your called agent tools:\n{listing(self.bank, 'agent_discoverable_tools', '{}')}"
