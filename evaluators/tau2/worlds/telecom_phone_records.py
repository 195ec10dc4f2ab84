"""The customer's phone and surroundings as the official user database has them."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from evaluators.tau2.worlds.store import Json
from evaluators.tau2.worlds.telecom_records import Record, jsonable

Bars = Literal["none", "poor", "fair", "good", "excellent"]
Generation = Literal["none", "2G", "3G", "4G", "5G"]
Quality = Literal["unknown", "poor", "fair", "good", "excellent"]


class APNNames(StrEnum):
    INTERNET = "internet"
    BROKEN = "broken"


class APNSettings(Record):
    apn_name: APNNames = APNNames.INTERNET
    reset_at_reboot: bool = False
    mms_apn: str | None = "mms"
    mmsc_url: str | None = "http://mms.carrier.com/mms/wapenc"
    mms_proxy: str | None = None
    mms_port: int | None = None


class VpnDetails(Record):
    server_address: str | None = None
    protocol: str | None = None
    server_performance: Quality = "unknown"


class AppPermissions(Record):
    sms: bool = False
    storage: bool = False
    phone: bool = False
    network: bool = False


class AppStatus(Record):
    app_name: str
    permissions: AppPermissions = AppPermissions()


def installed_apps() -> dict[str, AppStatus]:
    messaging = AppPermissions(sms=True, storage=True, phone=True)
    browser = AppPermissions(network=True, storage=True)
    return {
        "messaging": AppStatus(app_name="messaging", permissions=messaging),
        "browser": AppStatus(app_name="browser", permissions=browser),
    }


def reception() -> dict[Generation, Bars]:
    return {"2G": "poor", "3G": "fair", "4G": "good", "5G": "excellent"}


class Phone(Record):
    sim_card_status: Literal["active", "missing", "locked_pin", "locked_puk"] = "active"
    sim_card_missing: bool = False
    airplane_mode: bool = False
    network_signal_strength: Bars = "good"
    network_technology_connected: Generation = "5G"
    network_connection_status: Literal["connected", "searching", "no_service", "emergency_only"] = (
        "connected"
    )
    battery_level: int = 80
    data_enabled: bool = True
    roaming_enabled: bool = False
    network_mode_preference: Literal["4g_5g_preferred", "4g_only", "3g_only", "2g_only"] = (
        "4g_5g_preferred"
    )
    active_apn_settings: APNSettings = APNSettings()
    wifi_enabled: bool = False
    wifi_connected: bool = False
    wifi_ssid: str | None = None
    wifi_signal_strength: Bars = "none"
    wifi_calling_enabled: bool = False
    wifi_calling_mms_over_wifi: bool = False
    data_saver_mode: bool = False
    vpn_enabled_setting: bool = False
    vpn_connected: bool = False
    vpn_details: VpnDetails | None = None
    app_statuses: dict[str, AppStatus] = Field(default_factory=installed_apps)


class PaymentRequest(Record):
    bill_id: str
    amount_due: float
    paid: bool = False


class Surroundings(Record):
    name: str | None = None
    phone_number: str | None = None
    is_abroad: bool = False
    roaming_allowed: bool = False
    signal_strength: dict[Generation, Bars] = Field(default_factory=reception)
    mobile_data_usage_exceeded: bool = False
    line_active: bool = True
    payment_request: PaymentRequest | None = None


class TelecomUserDB(Record):
    device: Phone = Field(default_factory=Phone)
    surroundings: Surroundings = Field(default_factory=Surroundings)


def phone_dump(root: Json) -> Json:
    """Validate the phone and its surroundings; raises ValueError."""
    return jsonable(TelecomUserDB.model_validate(root))
