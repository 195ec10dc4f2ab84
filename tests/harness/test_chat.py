from harness.chat import View, to_chat
from harness.types import Message, Tokens
from tests.fakes.worlds import call

LOG = (
    Message("agent", "Hi"),
    Message("user", "Fix it"),
    Message("agent", "", (call("look"),), reasoning="hm"),
    Message("tool", "seen", owner="agent", call_id="call_look"),
    Message("agent", "Try again"),
    Message("user", "trying", (call("push"),)),
    Message("tool", "pushed", owner="user", call_id="call_push"),
    Message("user", "Works"),
)


def test_the_agent_sees_its_own_tools_only() -> None:
    chat = to_chat(LOG, "agent", "policy")
    assert [line["role"] for line in chat] == [
        "system", "assistant", "user", "assistant", "tool", "assistant", "user",
    ]  # fmt: skip
    assert chat[3]["calls"][0].name == "look"
    assert all("push" not in str(line) for line in chat)


def test_the_user_sees_the_mirror_image() -> None:
    chat = to_chat(LOG, "user")
    assert [line["role"] for line in chat] == [
        "user", "assistant", "user", "assistant", "tool", "assistant",
    ]  # fmt: skip
    assert all("seen" not in str(line) for line in chat)


def test_reasoning_is_shown_back_only_where_asked_for() -> None:
    assert "hm" in str(to_chat(LOG, "agent", reasoning=True))
    assert "hm" not in str(to_chat(LOG, "agent"))


def test_the_other_side_s_empty_line_is_not_rendered_but_one_s_own_is() -> None:
    log = (Message("user", ""), Message("agent", ""))
    assert [line["role"] for line in to_chat(log, "agent")] == ["assistant"]


def test_a_growing_log_is_rendered_once_per_line() -> None:
    view = View("agent", "policy")
    for end in range(len(LOG) + 1):
        grown = view.read(LOG[:end])
    assert grown == to_chat(LOG, "agent", "policy")
    assert grown[1] is view.read(LOG)[1]


def test_sampled_tokens_travel_with_own_lines() -> None:
    tokens = Tokens((1,), (2,), (-0.1,))
    log = (Message("user", "x"), Message("agent", "y", tokens=tokens))
    assert to_chat(log, "agent")[1]["tokens"] is tokens
    assert "tokens" not in to_chat(log, "user")[0]
