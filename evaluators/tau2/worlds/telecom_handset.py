"""The customer's phone and what its switches do to it."""

from __future__ import annotations

from typing import Any

from evaluators.tau2.worlds import telecom_signal as signal
from evaluators.tau2.worlds.store import Json, Store
from evaluators.tau2.worlds.telecom_texts import on_off, status_bar

# The official code keeps one VPN profile for the whole process, and the first task that breaks a
# VPN spoils it for every task after it: its recorded runs all connect to the spoilt one.
VPN_PROFILE: Json = {
    "server_address": "192.168.1.1",
    "protocol": "OpenVPN",
    "server_performance": "poor",
}
WIFI_LOST = {"wifi_connected": False, "wifi_ssid": None, "wifi_signal_strength": "none"}


class Handset:
    """The phone over the user's store: its switches, without the texts the tools answer."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @property
    def device(self) -> Json:
        """The device, for reading."""
        device: Json = self.store["device"]
        return device

    @property
    def surroundings(self) -> Json:
        """Where the customer is, for reading."""
        surroundings: Json = self.store["surroundings"]
        return surroundings

    def put(self, **fields: Any) -> None:
        """Write fields of the device."""
        self.store.writable("device").update(fields)

    def place(self, **fields: Any) -> None:
        """Write fields of the surroundings."""
        self.store.writable("surroundings").update(fields)

    def search(self) -> None:
        """Look for a network again."""
        signal.search(self.store.writable("device"), self.surroundings)

    def bar(self) -> str:
        return f"Status Bar: {status_bar(self.device)}"

    def with_bar(self, text: str) -> str:
        return f"{text}\n{self.bar()}"

    def is_now(self, name: str, state: Any) -> str:
        """Say that a switch is on or off, above the status bar."""
        return self.with_bar(f"{name} is now {on_off(state)}.")

    def flip(self, switch: str, *, search: bool = False) -> bool:
        """Flip a switch of the device, look for a network if asked, and return the new state."""
        state = not self.device[switch]
        self.put(**{switch: state})
        if search:
            self.search()
        return state

    def flip_airplane_mode(self) -> bool:
        """Flip airplane mode: on, Wi-Fi and VPN drop; off, Wi-Fi drops if its radio is on."""
        state = self.flip("airplane_mode")
        if state:
            self.put(**WIFI_LOST)
            self.disconnect_vpn()
        else:
            self.put(network_connection_status="searching")
            if self.device["wifi_enabled"]:
                self.put(**WIFI_LOST)
        self.search()
        return state

    def connect_vpn(self) -> bool:
        """Connect to the VPN; False if it was connected."""
        if self.device["vpn_connected"]:
            return False
        self.put(vpn_connected=True, vpn_details=VPN_PROFILE)
        return True

    def disconnect_vpn(self) -> bool:
        """Drop the VPN; False if there was none."""
        if not self.device["vpn_connected"]:
            return False
        self.put(vpn_connected=False, vpn_details=None)
        return True

    def permissions(self, app_name: str) -> list[str] | None:
        """List what an app may do, or None for an app that is not there."""
        app = self.device["app_statuses"].get(app_name)
        if not app:
            return None
        return [name for name, allowed in app["permissions"].items() if allowed]

    def permit(self, app_name: str, permission: str, allowed: bool) -> None:
        """Write a permission of an app."""
        apps = self.store.record("device", "app_statuses")
        apps[app_name]["permissions"][permission] = allowed

    def data_works(self) -> bool:
        return signal.data_works(self.device, self.surroundings)

    def mms_works(self) -> bool:
        return signal.mms_works(self.device, self.surroundings)

    def speed(self) -> tuple[float | None, str]:
        return signal.speed(self.device, self.surroundings)
