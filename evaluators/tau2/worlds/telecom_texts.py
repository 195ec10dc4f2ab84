"""What the phone's screen shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluators.tau2.worlds.telecom_signal import Device, sim_status

SIM_TEXTS = {
    "active": "Your SIM card is active and working.",
    "missing": "No SIM card detected in the phone.",
    "locked_pin": "The SIM card is locked with a PIN code.",
    "locked_puk": "The SIM card is locked with a PUK code.",
}
BARS = {
    "none": "📵 No Signal",
    "poor": "📶¹ Poor",
    "fair": "📶² Fair",
    "good": "📶³ Good",
    "excellent": "📶⁴ Excellent",
}
ADVICE = {
    "Very Poor": "Connection is very slow. Basic web browsing might be difficult.",
    "Poor": "Connection is slow. Web browsing may be sluggish, streaming difficult.",
    "Fair": "Connection is okay for web browsing and some standard definition streaming.",
    "Good": "Connection is good for most activities, including HD streaming.",
    "Excellent": "Connection is very fast.",
}


def on_off(state: Any) -> str:
    return "ON" if state else "OFF"


def yes_no(state: Any) -> str:
    return "Yes" if state else "No"


def value_of(mode: Any) -> str:
    """Return a mode's text; a model may have stored something else, which has none."""
    if isinstance(mode, str):
        return mode
    raise AttributeError(f"{type(mode).__name__!r} object has no attribute 'value'")


def vpn_text(details: Mapping[str, Any]) -> str:
    """Write VPN details as the official text shows them: a dict with an enumeration in it."""
    level = details["server_performance"]
    fields = [f"{name!r}: {value!r}" for name, value in details.items()]
    fields[-1] = f"'server_performance': <PerformanceLevel.{level.upper()}: {level!r}>"
    return f"{{{', '.join(fields)}}}"


def status_bar(device: Device) -> str:
    """Write the icons of the status bar."""
    icons = ["✈️ Airplane Mode"] if device["airplane_mode"] else list(cellular_icons(device))
    if device["wifi_enabled"] and device["wifi_connected"]:
        name = device["wifi_ssid"]
        icons.append(f"📡 Connected to {name}" if name else "📡 Enabled")
    if device["vpn_connected"]:
        icons.append("🔒 VPN Connected")
    icons.append(f"🔋 {device['battery_level']}%")
    return " | ".join(icons)


def cellular_icons(device: Device) -> list[str]:
    technology = device["network_technology_connected"]
    icons = [BARS.get(device["network_signal_strength"], BARS["none"])]
    if technology != "none":
        icons.append(technology)
    if not device["data_enabled"] or technology == "none":
        return [*icons, "📵 Data Disabled"]
    icons.append("📱 Data Enabled")
    return [*icons, "🔽 Data Saver"] if device["data_saver_mode"] else icons


def network_lines(device: Device) -> list[str]:
    """Write the lines of the network settings page."""
    lines = [
        f"Airplane Mode: {on_off(device['airplane_mode'])}",
        f"SIM Card Status: {sim_status(device)}",
        f"Cellular Connection: {device['network_connection_status']}",
        f"Cellular Signal: {device['network_signal_strength']}",
        f"Cellular Network Type: {device['network_technology_connected']}",
        f"Mobile Data Enabled: {yes_no(device['data_enabled'])}",
        f"Data Roaming Enabled: {yes_no(device['roaming_enabled'])}",
        f"Wi-Fi Radio: {on_off(device['wifi_enabled'])}",
        f"Wi-Fi Connected: {yes_no(device['wifi_connected'])}",
    ]
    if device["wifi_connected"]:
        lines.append(f"Connected Wi-Fi Network: {device['wifi_ssid']}")
    return lines
