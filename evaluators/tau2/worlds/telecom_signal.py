"""What a phone makes of its SIM, its settings and its surroundings: service, data, speed, MMS.

Functions of two plain records, `device` and `surroundings` as the official user database has them.
A model may have put anything into `active_apn_settings` and `network_mode_preference`.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

Device = Mapping[str, Any]
Surroundings = Mapping[str, Any]

ONE_TECHNOLOGY = {"4g_only": "4G", "3g_only": "3G", "2g_only": "2G"}
MBPS = {"2G": (0.1, 0.4), "3G": (1.0, 5.0), "4G": (10.0, 100.0), "5G": (50.0, 500.0)}
SHARE = {"poor": 0.2, "fair": 0.5, "good": 0.8, "excellent": 1.0}
NO_SERVICE = {
    "network_connection_status": "no_service",
    "network_technology_connected": "none",
    "network_signal_strength": "none",
}


def sim_status(device: Device) -> str:
    return "missing" if device["sim_card_missing"] else str(device["sim_card_status"])


def apn(device: Device, field: str) -> Any:
    """Read a field of the APN settings; raises AttributeError where a model broke them."""
    settings = device["active_apn_settings"]
    if not isinstance(settings, dict):
        raise AttributeError(f"{type(settings).__name__!r} object has no attribute {field!r}")
    return settings.get(field)


def search(device: MutableMapping[str, Any], surroundings: Surroundings) -> None:
    """Register with the network again. What is found before an error stays written."""
    found: Mapping[str, str] = NO_SERVICE
    if sim_status(device) == "active" and not device["airplane_mode"]:
        found = reception(device["network_mode_preference"], surroundings["signal_strength"])
    device.update(found)
    if apn(device, "apn_name") == "broken" or not surroundings["line_active"]:
        device.update(NO_SERVICE)


def reception(preference: Any, signals: Mapping[str, str]) -> Mapping[str, str]:
    """Say which technology the phone joins, and how well: 5G if there is any, else as asked."""
    technology = "4G"
    if preference == "4g_5g_preferred" and signals.get("5G", "none") != "none":
        technology = "5G"
    elif isinstance(preference, str):
        technology = ONE_TECHNOLOGY.get(preference, "4G")
    return {
        "network_connection_status": "connected",
        "network_technology_connected": technology,
        "network_signal_strength": signals.get(technology, "none"),
    }


def data_works(device: Device, surroundings: Surroundings) -> bool:
    """Say whether mobile data gets through."""
    if device["airplane_mode"] or device["network_signal_strength"] == "none":
        return False
    if device["network_connection_status"] == "no_service":
        return False
    roams = device["roaming_enabled"] and surroundings["roaming_allowed"]
    if surroundings["is_abroad"] and not roams:
        return False
    return bool(device["data_enabled"]) and not surroundings["mobile_data_usage_exceeded"]


def speed(device: Device, surroundings: Surroundings) -> tuple[float | None, str]:
    """Measure the download speed in Mbit/s and name it; None without a connection."""
    if not data_works(device, surroundings):
        return None, "No Connection"
    vpn = device["vpn_details"]
    slow = device["vpn_connected"] and vpn and vpn["server_performance"] == "poor"
    factor = 0.1 if slow else 1.0
    if device["data_saver_mode"]:
        factor *= 0.2
    low, high = MBPS.get(device["network_technology_connected"], (0.0, 0.0))
    share = SHARE.get(device["network_signal_strength"], 0.0)
    mbps = round((low + high) / 2.0 * share * factor, 2)
    return mbps, quality(mbps)


def quality(mbps: float) -> str:
    for limit, name in ((1, "Very Poor"), (5, "Poor"), (25, "Fair"), (100, "Good")):
        if mbps < limit:
            return name
    return "Excellent"


def mms_works(device: Device, surroundings: Surroundings) -> bool:
    """Say whether the messaging app can send a picture message."""
    if not data_works(device, surroundings):
        return False
    if device["network_technology_connected"] == "2G":
        return False
    if device["wifi_calling_enabled"] and device["wifi_calling_mms_over_wifi"]:
        return False
    if apn(device, "mmsc_url") is None:
        return False
    app = device["app_statuses"].get("messaging")
    return app is not None and app["permissions"]["storage"] and app["permissions"]["sms"]
