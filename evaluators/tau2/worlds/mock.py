"""The mock domain: a list of tasks for the agent, an inbox for the user."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from evaluators.tau2.pack import read_json, read_text
from evaluators.tau2.worlds.domain import Domain, Row, specs_of
from evaluators.tau2.worlds.store import Base, Json, Store
from evaluators.tau2.worlds.toolkit import Dump, Toolkit, tool
from evaluators.tau2.worlds.world import World


class Task(BaseModel):
    task_id: str
    title: str
    description: str | None = None
    status: Literal["pending", "completed"]


class User(BaseModel):
    user_id: str
    name: str
    tasks: list[str]


class MockDB(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tasks: dict[str, Task]
    users: dict[str, User]


class Notification(BaseModel):
    model_config = ConfigDict(extra="forbid")
    notification_id: str
    message: str
    status: Literal["unread", "read"] = "unread"
    task_id: str | None = None


class MockUserDB(BaseModel):
    model_config = ConfigDict(extra="forbid")
    notifications: dict[str, Notification] = {}


class MockTools(Toolkit):
    """The agent's tools."""

    def _check_user(self, user_id: str) -> None:
        if user_id not in self.store["users"]:
            raise ValueError(f"User {user_id} not found")

    def _check_task(self, task_id: str) -> None:
        if task_id not in self.store["tasks"]:
            raise ValueError(f"Task {task_id} not found")

    @tool("write")
    def create_task(self, user_id: str, title: str, description: str | None = None) -> Dump:
        self._check_user(user_id)
        task_id = f"task_{len(self.store['tasks']) + 1}"
        task = Task(task_id=task_id, title=title, description=description, status="pending")
        record = self.store.writable("tasks")[task_id] = task.model_dump()
        self.store.record("users", user_id)["tasks"].append(task_id)
        return Dump(record)

    @tool("read")
    def get_users(self) -> Dump:
        return Dump(list(self.store["users"].values()))

    @tool("write")
    def update_task_status(self, task_id: str, status: str) -> Dump:
        self._check_task(task_id)
        task = self.store.record("tasks", task_id)
        task["status"] = status
        return Dump(task)

    @tool("generic")
    def transfer_to_human_agents(self, summary: str) -> str:
        return "Transfer successful"

    def assert_number_of_tasks(self, user_id: str, expected_number: int) -> bool:
        self._check_user(user_id)
        return len(self.store["users"][user_id]["tasks"]) == expected_number

    def assert_task_status(self, task_id: str, expected_status: str) -> bool:
        self._check_task(task_id)
        return bool(self.store["tasks"][task_id]["status"] == expected_status)


class MockUserTools(Toolkit):
    """The user's inbox."""

    def _inbox(self) -> Mapping[str, Any]:
        """Return the inbox; a task with initial agent data has replaced it by the agent's data."""
        if "notifications" not in self.store:
            raise AttributeError("'MockDB' object has no attribute 'notifications'")
        inbox: Mapping[str, Any] = self.store["notifications"]
        return inbox

    def _check(self, notification_id: str) -> None:
        if notification_id not in self._inbox():
            raise ValueError(f"Notification {notification_id} not found")

    @tool("read")
    def check_notifications(self) -> Dump:
        return Dump(list(self._inbox().values()))

    @tool("write")
    def dismiss_notification(self, notification_id: str) -> str:
        self._check(notification_id)
        self.store.record("notifications", notification_id)["status"] = "read"
        return f"Notification {notification_id} dismissed"

    def add_notification(
        self, notification_id: str, message: str, task_id: str | None = None
    ) -> None:
        note = Notification(notification_id=notification_id, message=message, task_id=task_id)
        self._inbox()
        self.store.writable("notifications")[notification_id] = note.model_dump()

    def assert_notification_status(self, notification_id: str, expected_status: str) -> bool:
        self._check(notification_id)
        note = self.store["notifications"][notification_id]
        return bool(note["status"] == expected_status)


def agent_dump(root: Json) -> Json:
    return MockDB.model_validate(root).model_dump()


def user_dump(root: Json) -> Json:
    return MockUserDB.model_validate(root).model_dump()


def load(folder: Path, options: Mapping[str, str]) -> Domain:
    """Read the domain's two databases."""
    agent = Base(read_json(folder / "db.json"), agent_dump)
    user = Base(read_json(folder / "user_db.json"), user_dump)
    specs = {solo: specs_of("mock", solo=solo) for solo in (False, True)}

    def new(row: Row, solo: bool) -> World:
        sides = MockTools(Store(agent)), MockUserTools(Store(user))
        return World(*sides, specs=specs[solo], solo=solo)

    def policy(solo: bool) -> str:
        return read_text(folder / ("policy_solo.md" if solo else "policy.md"))

    return Domain("mock", new, policy, solo=True)
