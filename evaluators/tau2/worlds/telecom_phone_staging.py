"""What task files call on the phone: faults to begin with, and assertions to end with."""

from __future__ import annotations

from typing import Any

from evaluators.tau2.worlds import telecom_signal as signal
from evaluators.tau2.worlds.telecom_handset import Handset
from evaluators.tau2.worlds.telecom_texts import on_off

STATUSES = ("connected", "searching", "no_service", "emergency_only")


class PhoneStaging:
    """Initialization actions and environment assertions of the user's side."""

    phone: Handset

    def set_user_info(self, name: str, phone_number: str) -> None:
        self.phone.place(name=name, phone_number=phone_number)

    def set_user_location(self, abroad: bool) -> None:
        self.phone.place(is_abroad=abroad)

    def simulate_network_search(self) -> None:
        self.phone.search()

    def turn_airplane_mode_on(self) -> str:
        return self._turn_airplane_mode(True)

    def turn_airplane_mode_off(self) -> str:
        return self._turn_airplane_mode(False)

    def _turn_airplane_mode(self, state: bool) -> str:
        if self.phone.flip_airplane_mode() != state:
            self.phone.flip_airplane_mode()
        return f"Airplane Mode is now {on_off(state)}."

    def unseat_sim_card(self) -> str:
        self.phone.put(sim_card_missing=True)
        self.phone.search()
        return "SIM card un-seated successfully."

    def lock_sim_card(self, mode: str) -> str:
        if mode in ("pin", "puk"):
            self.phone.put(sim_card_status=f"locked_{mode}")
        self.phone.search()
        return f"SIM card locked successfully in {mode} mode."

    def turn_data_on(self) -> str:
        self.phone.put(data_enabled=True)
        return "Data connection restored."

    def turn_data_off(self) -> str:
        self._turn("data_enabled", False, search=True)
        return "Data connection broken."

    def turn_roaming_on(self) -> str:
        self._turn("roaming_enabled", True, search=True)
        return "Data Roaming is now ON."

    def turn_roaming_off(self) -> str:
        self._turn("roaming_enabled", False, search=True)
        return "Data Roaming is now OFF."

    def turn_data_saver_mode_on(self) -> str:
        self._turn("data_saver_mode", True)
        return "Data Saver Mode is now ON."

    def turn_data_saver_mode_off(self) -> str:
        self._turn("data_saver_mode", False)
        return "Data Saver Mode is now OFF."

    def _turn(self, switch: str, state: bool, *, search: bool = False) -> None:
        """Put a switch where it should be; the phone looks for a network even if it was there."""
        self.phone.put(**{switch: state})
        if search:
            self.phone.search()

    def break_apn_settings(self) -> str:
        self._spoil_apn(apn_name="broken")
        self.phone.search()
        return "APN settings broken. Please call reset_apn_settings() to fix."

    def break_apn_mms_setting(self) -> str:
        self._spoil_apn(mmsc_url=None)
        return "APN MMS setting broken. Please call reset_apn_settings() to fix."

    def _spoil_apn(self, **fields: Any) -> None:
        for field in fields:
            signal.apn(self.phone.device, field)
        self.phone.put(active_apn_settings={**self.phone.device["active_apn_settings"], **fields})

    def set_wifi_calling(self, enabled: bool, mms_over_wifi: bool | None = None) -> str:
        if self.phone.device["wifi_calling_enabled"] != enabled:
            self.phone.flip("wifi_calling_enabled")
        text = f"Wi-Fi Calling is now {on_off(enabled)}."
        if mms_over_wifi is None:
            return text
        self.phone.put(wifi_calling_mms_over_wifi=mms_over_wifi)
        return f"{text}\nMMS over Wi-Fi is now {on_off(mms_over_wifi)}."

    def break_vpn(self) -> str:
        self.phone.connect_vpn()
        details = self.phone.device["vpn_details"]
        if details is None:
            raise AttributeError("'NoneType' object has no attribute 'server_performance'")
        self.phone.put(vpn_details={**details, "server_performance": "poor"})
        return "VPN connection broken."

    def remove_app_permission(self, app_name: str, permission: str) -> tuple[bool, str]:
        app = self.phone.device["app_statuses"].get(app_name)
        permission = permission.lower()
        if not app:
            return False, f"App '{app_name}' not found. Cannot remove permission."
        if permission not in app["permissions"]:
            return False, f"Permission '{permission}' not tracked for app '{app_name}'."
        self.phone.permit(app_name, permission, False)
        return True, f"Permission '{permission}' removed from app '{app_name}'."

    # --- assertions -----------------------------------------------------------------------

    def assert_airplane_mode_status(self, expected_status: bool) -> bool:
        return bool(self.phone.device["airplane_mode"] == expected_status)

    def assert_service_status(self, expected_status: str) -> bool:
        if expected_status not in STATUSES:
            raise ValueError(f"{expected_status!r} is not a valid NetworkStatus")
        return bool(self.phone.device["network_connection_status"] == expected_status)

    def assert_mobile_data_status(self, expected_status: bool) -> bool:
        return self.phone.data_works() == expected_status

    def assert_mobile_roaming_status(self, expected_status: bool) -> bool:
        return bool(self.phone.device["roaming_enabled"] == expected_status)

    def assert_mobile_data_saver_mode_status(self, expected_status: bool) -> bool:
        return bool(self.phone.device["data_saver_mode"] == expected_status)

    def assert_internet_speed(
        self, expected_speed: float, expected_desc: str | None = None
    ) -> bool:
        mbps, name = self.phone.speed()
        fast = (mbps or 0.0) >= expected_speed
        return fast and (expected_desc is None or name.lower() == expected_desc.lower())

    def assert_internet_not_excellent(self) -> bool:
        return self.phone.speed()[1] != "Excellent"

    def assert_can_send_mms(self, expected_status: bool) -> bool:
        return self.phone.mms_works() == expected_status

    def assert_mobile_data_usage_exceeded(self, expected_status: bool) -> bool:
        exceeded = self.phone.surroundings["mobile_data_usage_exceeded"]
        return bool(exceeded == expected_status)
