"""The report in a real browser, from file://, by mouse and keyboard."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.report import write_report
from tests.fakes.runs import Shape, write_run
from tests.report.chromium import Chromium
from tests.report.reading import of_status, opened, shown

pytestmark = pytest.mark.browser


def test_overview_shows_rates_intervals_labels_and_identity(
    browser: Chromium, report: Path
) -> None:
    browser.open(report)
    text = browser.text("main")
    for word in ("Leaderboard", "Reliability", "Why trials fail", "Cost against quality"):
        assert word in text
    assert "1a2b3c4d5e" in text
    assert "scripted user: fixed rules, not a model" in text
    assert browser.count("table.board tbody tr") == 8
    assert browser.count("svg.interval .whisker") == 8
    assert browser.count("figure svg.chart .line") == 8
    assert browser.problems() == []


def test_data_hashes_can_be_unfolded(browser: Chromium, report: Path) -> None:
    browser.open(report)
    assert browser.run("document.querySelector('.hashes').checkVisibility()") is False
    browser.click(".card summary")
    assert browser.run("document.querySelector('.hashes').checkVisibility()") is True


def test_cost_axis_can_be_chosen(browser: Chromium, report: Path) -> None:
    browser.open(report)
    assert "USD per trial" in browser.text(".multiples.large figcaption")
    browser.click(".choices button:nth-child(3)")
    assert "tool calls per trial" in browser.text(".multiples.large figcaption")


def test_filters_narrow_the_list(browser: Chromium, report: Path) -> None:
    browser.open(report, "#trials")
    everything, failed = shown(browser), of_status(browser, "fail")
    assert everything == 6 * 6 * 3
    browser.click('.chips [data-status="fail"]')
    assert shown(browser) == failed < everything
    browser.run(
        """(() => { const select = document.querySelector('[data-filter="bench"]');
        select.value = 'tau2'; select.dispatchEvent(new Event('change')); })()"""
    )
    both = shown(browser)
    assert 0 < both < failed
    assert browser.run("new URLSearchParams(location.hash.split('?')[1]).get('bench')") == "tau2"
    browser.click('.chips [data-status="fail"]')
    assert shown(browser) == everything // 2


def test_a_category_bar_leads_to_its_trials(browser: Chromium, report: Path) -> None:
    browser.open(report)
    count = int(browser.text(".bar-value").split()[0])
    browser.click(".bar")
    browser.wait("document.querySelector('.list')")
    assert shown(browser) == count


def test_search_finds_tasks_and_nothing(browser: Chromium, report: Path) -> None:
    browser.open(report, "#trials")
    browser.click("#search")
    browser.type("airline_3")
    browser.wait("document.querySelector('.info').innerText.startsWith('3 of')")
    browser.type(" nowhere")
    browser.wait("document.querySelector('.info').innerText.startsWith('0 of')")


def test_search_inside_conversations(browser: Chromium, report: Path) -> None:
    browser.open(report, "#trials")
    browser.click("#search")
    browser.type("payment method not found")
    browser.wait("document.querySelector('.info').innerText.startsWith('0 of')")
    browser.click("#deep")
    browser.wait("document.querySelector('#deep').hidden")
    assert shown(browser) > 0


def test_a_trajectory_shows_both_sides_and_why_it_failed(browser: Chromium, report: Path) -> None:
    browser.open(report, "#trials?status=fail")
    browser.click(".row")
    opened(browser)
    text = browser.text(".episode")
    for word in ("find_record", "look_at_screen", "update_record", "Not met", "communicate"):
        assert word in text
    assert "Tool error" in text
    assert browser.count(".line.user .call") == 1
    assert browser.count(".line.agent .call") == 2
    assert "Why it failed" in text
    browser.open(report, "#trials?status=pass")
    browser.click(".row")
    opened(browser)
    text = browser.text(".episode")
    assert "Why it failed" not in text
    assert "records › K7QX › status" in text


def test_instructions_and_tools_unfold(browser: Chromium, report: Path) -> None:
    browser.open(report, "#trials")
    browser.key("j")
    opened(browser)
    assert "Look things up" not in browser.text(".episode")
    browser.click(".quiet details:nth-child(1) summary")
    browser.wait("document.querySelector('.episode').innerText.includes('Look things up')")
    browser.click(".quiet details:nth-child(2) summary")
    browser.wait("document.querySelector('.tools')?.innerText.includes('update_record')")


def test_a_deep_link_opens_the_same_trajectory(browser: Chromium, report: Path) -> None:
    browser.open(report, "#trials?status=fail")
    browser.key("j")
    browser.key("j")
    title = opened(browser)
    address = str(browser.run("location.hash"))
    link = str(browser.run("document.querySelector('.permalink').getAttribute('href')"))
    body = browser.text(".talk")
    for fragment in (address, link):
        browser.open(report, fragment)
        assert opened(browser) == title
        assert browser.text(".talk") == body


def test_a_link_to_nothing_says_so(browser: Chromium, report: Path) -> None:
    browser.open(report, "#trials?open=run/tau2/0/absent")
    browser.wait("document.querySelector('.reader .warning')")
    assert "holds no trajectory run/tau2/0/absent" in browser.text(".reader")


def test_keys(browser: Chromium, report: Path) -> None:
    browser.open(report)
    browser.key("3")
    browser.wait("document.querySelector('.list')")
    browser.key("j")
    first = opened(browser)
    here = "document.querySelector('.permalink').getAttribute('href')"
    one = str(browser.run(here))
    browser.key("j")
    browser.wait(f"{here} !== {json.dumps(one)}")
    browser.key("k")
    browser.wait(f"{here} === {json.dumps(one)}")
    assert opened(browser) == first
    browser.key("/")
    browser.wait("document.activeElement.id === 'search'")
    browser.key("j")
    assert browser.run("document.querySelector('#search').value") == "j"
    assert browser.run(here) == one
    browser.key("Escape")
    browser.wait("document.activeElement.id !== 'search'")
    browser.key("Escape")
    browser.wait("!document.querySelector('.episode')")
    browser.key("Escape")
    browser.wait("document.querySelector('#search').value === ''")
    browser.key("?")
    browser.wait("document.querySelector('dialog').open")
    browser.key("Escape")
    browser.wait("!document.querySelector('dialog').open")
    assert browser.problems() == []


def test_a_square_of_the_grid_opens_its_trial(browser: Chromium, report: Path) -> None:
    browser.open(report, "#tasks")
    assert "6 tasks" in browser.text(".grid-group")
    browser.click("canvas.grid-band")
    browser.wait("location.hash.startsWith('#trials')")
    assert opened(browser)


def test_light_and_dark(browser: Chromium, report: Path) -> None:
    browser.open(report)
    colour = "getComputedStyle(document.body).backgroundColor"
    seen = set()
    for _ in range(3):
        seen.add((browser.text(".theme"), browser.run(colour)))
        browser.click(".theme")
    assert {name for name, _ in seen} == {"Auto", "Light", "Dark"}
    assert len({paint for _, paint in seen}) == 2


def test_a_sweep_says_who_is_who(browser: Chromium, tmp_path: Path) -> None:
    shape = Shape(tasks=4, trials=2, domains={"tau2": ("airline",)})
    lexical = {"agent": {"model": "lexical", "label": "rule-based"}}
    runs = [
        write_run(tmp_path / "a", replace(shape, model="acme/a")),
        write_run(tmp_path / "b", replace(shape, model="lexical", manifest=lexical)),
    ]
    browser.open(write_report(runs))
    rows = [text for text in browser.text("table.board").split("\n") if "rule-based" in text]
    assert rows
    assert "scripted user" in browser.text("main > section .badges")
    assert browser.count(".warning") == 0
    browser.open(tmp_path / "report.html", "#trials?run=b")
    assert shown(browser) == 8
    browser.key("j")
    opened(browser)
    assert "agent: rule-based" in browser.text(".where")


def test_rows_of_different_data_are_not_ranked_silently(browser: Chromium, tmp_path: Path) -> None:
    shape = Shape(tasks=3, trials=1, domains={"tau2": ("airline",)})
    entry = {"name": "tau2", "version": "2", "data_sha256": {"f": "other"}}
    runs = [
        write_run(tmp_path / "a", replace(shape, model="acme/a")),
        write_run(tmp_path / "b", replace(shape, model="acme/b", manifest={"benchmarks": [entry]})),
    ]
    browser.open(write_report(runs))
    assert "do not rank them against each other" in browser.text(".warning")
