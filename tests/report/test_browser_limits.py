"""Hostile content is only text, large runs open fast, and chunks that do not fit are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.chromium import Chromium
from tests.report.reading import opened, shown

pytestmark = pytest.mark.browser


def test_hostile_content_is_only_text(browser: Chromium, hostile: Path) -> None:
    for fragment in ("", "#tasks", "#trials"):
        browser.open(hostile, fragment)
        assert browser.problems() == []
    for _ in range(4):
        browser.key("j")
        opened(browser)
        browser.run("document.querySelectorAll('details').forEach((d) => d.open = true)")
        browser.wait("document.querySelector('.said details .text')")
    text = browser.text(".episode")
    assert "<img src=x onerror" in text
    assert "1180591620717411303424" in text
    assert "NaN" in text
    assert "__proto__" in text
    assert browser.count("img, iframe, object, embed, base, form, link") == 0
    assert browser.count("#app script, #app style") == 0
    assert browser.run("({}).polluted === undefined")
    assert browser.run("window.pwned === undefined")
    assert browser.problems() == []


@pytest.mark.parametrize(
    "attempt",
    [
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.pwned=9>')",
        "document.body.setAttribute('onclick', 'window.pwned = 9')",
        "document.createElement('script').src = 'https://example.org/x.js'",
        "document.createElement('iframe').srcdoc = '<script>parent.pwned = 9</script>'",
    ],
)
def test_markup_in_the_page_throws(browser: Chromium, hostile: Path, attempt: str) -> None:
    """The twin: what the page never does is impossible, not merely absent."""
    browser.open(hostile)
    caught = f"(() => {{ try {{ {attempt}; return ''; }} catch (e) {{ return String(e); }} }})()"
    assert "requires 'Trusted" in str(browser.run(caught))
    assert browser.run("window.pwned === undefined")


def test_huge_texts_are_cut_until_asked_for(browser: Chromium, hostile: Path) -> None:
    browser.open(hostile, "#trials")
    browser.key("j")
    opened(browser)
    before = len(browser.text(".talk"))
    assert before < 40_000
    assert "Show all 300,000 characters" in browser.text(".talk")
    more = "[...document.querySelectorAll('.more')].find((b) => b.innerText.includes('300,000'))"
    browser.run(f"{more}.click()")
    assert len(browser.text(".talk")) > before + 90_000
    assert "The first 100,000 of 300,000 characters" in browser.text(".talk")


def test_ten_thousand_trajectories_open_in_two_seconds(browser: Chromium, large: Path) -> None:
    times = []
    for fragment in ("", "#trials", "#tasks"):
        browser.open(large, fragment)
        times.append(browser.run("performance.getEntriesByType('navigation')[0].domInteractive"))
    assert max(times) < 2000
    assert (large.parent / "report_data" / "000.js").is_file()
    browser.open(large, "#trials")
    assert shown(browser) == 10_002
    assert browser.count(".row") < 60
    assert browser.problems() == []


def test_trajectories_of_a_large_run_load_on_demand(browser: Chromium, large: Path) -> None:
    browser.open(large, "#trials?status=fail")
    assert browser.count("script[src]") == 0
    browser.run("document.querySelector('.list').scrollTop = 58 * 1500")
    browser.wait("document.querySelector('#row-1500')")
    browser.click("#row-1500")
    opened(browser)
    browser.wait("document.querySelector('.talk').innerText.includes('find_record')")
    requests = [e for e in browser.events if e.get("method") == "Network.requestWillBeSent"]
    names = [event["params"]["request"]["url"].rsplit("/", 1)[1] for event in requests]
    assert sum(name.endswith(".js") for name in names) == 1
    assert browser.problems() == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: keep the folder report_data beside the page"),
        ("harnessChunk('elsewhere', 0, '{}')", "belongs to another report"),
        ("// empty", "is damaged"),
    ],
)
def test_chunks_that_do_not_fit_are_named(
    browser: Chromium, large: Path, tmp_path: Path, content: str | None, message: str
) -> None:
    copy = tmp_path / "report.html"
    copy.write_bytes(large.read_bytes())
    if content is not None:
        (tmp_path / "report_data").mkdir()
        for number in range(100):
            (tmp_path / "report_data" / f"{number:03d}.js").write_text(content)
    browser.open(copy, "#trials")
    browser.key("j")
    browser.wait("document.querySelector('.episode .warning')")
    assert message in browser.text(".episode")
