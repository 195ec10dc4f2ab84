"""The customer's phone: the thirty tools of telecom's user side."""

from __future__ import annotations

from typing import Any

from evaluators.tau2.worlds import telecom_signal as signal
from evaluators.tau2.worlds import telecom_texts as texts
from evaluators.tau2.worlds.store import Store
from evaluators.tau2.worlds.telecom_handset import WIFI_LOST, Handset
from evaluators.tau2.worlds.telecom_phone_records import APNSettings
from evaluators.tau2.worlds.telecom_phone_staging import PhoneStaging
from evaluators.tau2.worlds.telecom_texts import on_off
from evaluators.tau2.worlds.toolkit import Toolkit, tool

MODES = ("4g_5g_preferred", "4g_only", "3g_only", "2g_only")


class TelecomUserTools(PhoneStaging, Toolkit):
    """What the customer can look at and press."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.phone = Handset(store)

    @tool("read")
    def check_status_bar(self) -> str:
        return self.phone.bar()

    @tool("read")
    def check_network_status(self) -> str:
        return "\n".join(texts.network_lines(self.phone.device))

    @tool("read")
    def check_network_mode_preference(self) -> str:
        mode = texts.value_of(self.phone.device["network_mode_preference"])
        return f"Network Mode Preference: {mode}"

    @tool("write")
    def set_network_mode_preference(self, mode: Any) -> str:
        known = mode in MODES if isinstance(mode, str) else True
        if known:  # anything but a wrong text is stored before it is looked at
            self.phone.put(network_mode_preference=mode)
            self.phone.search()
        if not known or mode is None:
            return self.phone.with_bar(
                f"Failed to set network mode: '{mode}' is not a valid option. "
                f"Please use one of: {', '.join(MODES)}"
            )
        return self.phone.with_bar(f"Preferred Network Mode set to: {texts.value_of(mode)}")

    @tool("read")
    def run_speed_test(self) -> str:
        mbps, name = self.phone.speed()
        if mbps is None:
            return f"Speed test failed: {name}."
        return f"Speed Test Result: {mbps:.2f} Mbps ({name}). {texts.ADVICE[name]}"

    @tool("write")
    def toggle_airplane_mode(self) -> str:
        return self.phone.is_now("Airplane Mode", self.phone.flip_airplane_mode())

    @tool("read")
    def check_sim_status(self) -> str:
        return texts.SIM_TEXTS[signal.sim_status(self.phone.device)]

    @tool("write")
    def reseat_sim_card(self) -> str:
        self.phone.put(sim_card_missing=False)
        self.phone.search()
        return self.phone.with_bar("SIM card re-seated successfully.")

    @tool("write")
    def toggle_data(self) -> str:
        return self.phone.is_now("Mobile Data", self.phone.flip("data_enabled", search=True))

    @tool("write")
    def toggle_roaming(self) -> str:
        state = self.phone.flip("roaming_enabled", search=True)
        return self.phone.is_now("Data Roaming", state)

    @tool("read")
    def check_data_restriction_status(self) -> str:
        if self.phone.device["data_saver_mode"]:
            return "Data Saver mode is ON (limits data usage)."
        return "Data Saver mode is OFF."

    @tool("write")
    def toggle_data_saver_mode(self) -> str:
        return self.phone.is_now("Data Saver Mode", self.phone.flip("data_saver_mode"))

    @tool("read")
    def check_apn_settings(self) -> str:
        signal.apn(self.phone.device, "model_copy")
        name = signal.apn(self.phone.device, "apn_name")
        url = signal.apn(self.phone.device, "mmsc_url") or "Not Set"
        return (
            f"Current APN Name: {name}\nMMSC URL (for picture messages): {url}\n"
            "(These are technical settings, usually best left unchanged.)"
        )

    @tool("write")
    def set_apn_settings(self, apn_settings: Any) -> str:
        if isinstance(apn_settings, dict):
            apn_settings = APNSettings(**apn_settings).model_dump(mode="json")
        self.phone.put(active_apn_settings=apn_settings)  # stored before it is looked at
        name = signal.apn(self.phone.device, "apn_name")
        self.phone.search()
        return self.phone.with_bar(f"APN settings set to: {name}")

    @tool("write")
    def reset_apn_settings(self) -> str:
        signal.apn(self.phone.device, "reset_at_reboot")
        self.store.record("device", "active_apn_settings")["reset_at_reboot"] = True
        self.phone.search()
        return self.phone.with_bar("APN settings will reset at reboot.")

    @tool("read")
    def check_wifi_status(self) -> str:
        device = self.phone.device
        if not device["wifi_enabled"]:
            return "Wi-Fi is turned OFF."
        if not device["wifi_connected"]:
            return "Wi-Fi is ON but not connected to any network."
        return (
            f"Wi-Fi is ON and connected to '{device['wifi_ssid']}'. "
            f"Signal strength: {device['wifi_signal_strength']}."
        )

    @tool("write")
    def toggle_wifi(self) -> str:
        if self.phone.device["airplane_mode"]:
            return self.phone.with_bar("Cannot change Wi-Fi settings while Airplane Mode is ON.")
        state = self.phone.flip("wifi_enabled")
        if not state:
            self.phone.put(**WIFI_LOST)
        return self.phone.is_now("Wi-Fi", state)

    @tool("read")
    def check_wifi_calling_status(self) -> str:
        state = on_off(self.phone.device["wifi_calling_enabled"])
        return f"Wi-Fi Calling is currently turned {state}."

    @tool("write")
    def toggle_wifi_calling(self) -> str:
        return self.phone.is_now("Wi-Fi Calling", self.phone.flip("wifi_calling_enabled"))

    @tool("read")
    def check_vpn_status(self) -> str:
        device = self.phone.device
        if not device["vpn_connected"]:
            if device["vpn_enabled_setting"]:
                return "VPN is turned ON in settings, but currently not connected."
            return "VPN is turned OFF."
        if not device["vpn_details"]:
            return "VPN is ON and connected (no specific details available)."
        return f"VPN is ON and connected. Details: {texts.vpn_text(device['vpn_details'])}"

    @tool("write")
    def connect_vpn(self) -> str:
        if not self.phone.connect_vpn():
            return "VPN already connected."
        return self.phone.with_bar("VPN connected successfully.")

    @tool("write")
    def disconnect_vpn(self) -> str:
        if self.phone.disconnect_vpn():
            return self.phone.with_bar("VPN disconnected successfully.")
        return self.phone.with_bar("No active VPN connection to disconnect.")

    @tool("read")
    def check_installed_apps(self) -> str:
        names = ", ".join(self.phone.device["app_statuses"])
        return f"The following apps are installed on the phone: {names}"

    @tool("read")
    def check_app_status(self, app_name: str) -> str:
        granted = self.phone.permissions(app_name)
        if granted is None:
            return f"App '{app_name}' not found on this phone."
        lines = [f"Status for App: {app_name}"]
        if not granted:
            return "\n".join([*lines, " - Permissions: None granted."])
        lines.append(" - Permissions Granted:")
        return "\n".join([*lines, *(f"   - {name}" for name in granted)])

    @tool("read")
    def check_app_permissions(self, app_name: str) -> str:
        granted = self.phone.permissions(app_name)
        if granted is None:
            return f"App '{app_name}' not found on this phone."
        if not granted:
            return f"App '{app_name}' currently has no permissions granted."
        return f"App '{app_name}' has permission for: {', '.join(granted)}."

    @tool("write")
    def grant_app_permission(self, app_name: str, permission: str) -> str:
        app = self.phone.device["app_statuses"].get(app_name)
        permission = permission.lower()
        if not app:
            text = f"Error. App '{app_name}' not found. Cannot grant permission."
        elif permission not in app["permissions"]:
            text = (
                f"Error. Permission '{permission}' not tracked for app '{app_name}', "
                f"available permissions: {list(app['permissions'])}"
            )
        else:
            self.phone.permit(app_name, permission, True)
            text = f"Success. Permission '{permission}' granted to app '{app_name}'."
        return self.phone.with_bar(text)

    @tool("read")
    def can_send_mms(self) -> str:
        can = "can" if self.phone.mms_works() else "cannot"
        return f"Your messaging app {can} send MMS messages."

    @tool("write")
    def reboot_device(self) -> str:
        lines = ["Restarting network services..."]
        if signal.apn(self.phone.device, "reset_at_reboot"):
            lines.insert(0, "Resetting APN settings...")
            self.phone.put(active_apn_settings=APNSettings().model_dump(mode="json"))
        self.phone.put(network_connection_status="searching")
        self.phone.search()
        return self.phone.with_bar("\n".join(lines))

    @tool("read")
    def check_payment_request(self) -> str:
        request = self.phone.surroundings["payment_request"]
        if request is None:
            return "No payment request has been made."
        bill, amount = request["bill_id"], request["amount_due"]
        return f"You have a payment request for bill {bill} of {amount} USD."

    @tool("write")
    def make_payment(self) -> str:
        if self.phone.surroundings["payment_request"] is None:
            return "You do not have a payment request."
        request = self.store.record("surroundings", "payment_request")
        request["paid"] = True
        amount, bill = request["amount_due"], request["bill_id"]
        return f"Payment of {amount} USD has been made for bill {bill}."
