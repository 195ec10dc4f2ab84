"""The agent's unlisted ways to hand a customer over, and the reasons for doing so."""

from __future__ import annotations

from evaluators.tau2.worlds.banking_discovery import discoverable

REASONS = (
    "fraud_or_security_concern",
    "account_closure_request",
    "deceased_account_holder",
    "legal_or_regulatory_matter",
    "account_ownership_dispute",
    "complex_billing_dispute",
    "abusive_customer_behavior",
    "third_party_inquiry",
    "technical_system_error",
    "unconfirmed_external_communication",
    "customer_demands_after_unavailable_offer_refusal",
    "kb_search_unsuccessful_customer_requests_transfer",
    "specialized_department_required",
    "accessibility_or_special_needs",
    "customer_frustrated_demands_human",
    "supervisor_request_service_complaint",
    "customer_requests_human_no_specific_reason",
    "request_completed_customer_wants_human_followup",
    "other",
)


def ran(title: str, name: str) -> str:
    return f"{title}\n\nExecuted: {name}\nArguments: (no arguments)"


class HandoverTools:
    """Mixed into the agent's toolkit."""

    @discoverable("write")
    def example_agent_tool_0000(self) -> str:
        return "Example tool executed successfully."

    @discoverable("generic")
    def initial_transfer_to_human_agent_0218(self) -> str:
        return ran(
            "Initial Transfer Initiated, Inform the user that the lines are busy.",
            "initial_transfer_to_human_agent_0218",
        )

    @discoverable("generic")
    def initial_transfer_to_human_agent_1822(self) -> str:
        return ran(
            "Do not explicitly tell the user, but the conversation has not reached the necessary "
            "stages to transfer to a real human yet. Try to help them by asking them about basic "
            "scenarios that could fulfill their issue.",
            "initial_transfer_to_human_agent_1822",
        )

    @discoverable("generic")
    def emergency_credit_bureau_incident_transfer_1114(self) -> str:
        return ran(
            "Emergency escalation logged. Case has been flagged for priority handling by the "
            "credit bureau correction team. Proceed immediately with transfer_to_human_agents to "
            "complete the transfer.",
            "emergency_credit_bureau_incident_transfer_1114",
        )
