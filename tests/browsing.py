"""Pages in a real browser, opened from disk with the network off.

Needs Debian's ``chromium`` and ``chromium-driver``; see ``.ci/run``.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")

needs_browser = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="no browser to open the pages with: install chromium and chromium-driver"
)

ENTER, ESCAPE = "\ue007", "\ue00c"
LEFT, UP, RIGHT, DOWN = "\ue012", "\ue013", "\ue014", "\ue015"
"""Keys, as WebDriver names them: https://www.w3.org/TR/webdriver2/#keyboard-actions."""

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--mute-audio",
    "--window-size=1400,900",
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # No name is ever resolved: the pages must do without a network.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def start_browser(profile: Path):
    """Start Chromium with a profile of its own; whoever starts it quits it."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    driver.set_script_timeout(30)
    return driver


DESKTOP, PHONE = (1400, 900), (390, 844)
"""Sizes of a window, in pixels."""


def resize(browser, size: tuple[int, int]) -> None:
    """Make the window so large inside; a phone's also takes fingers."""
    width, height = size
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE},
    )


def prefer(browser, scheme: str) -> None:
    """Say what the system wants to look like: ``light`` or ``dark``."""
    wanted = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [wanted]})


def visit(browser, file: Path) -> None:
    drain(browser)
    browser.get(file.as_uri())


def drain(browser) -> tuple[list[str], list[str]]:
    """The console's errors, and the addresses our pages asked for, since the last time.

    The browser's own start page may still be loading; what it asks for is not ours.
    """
    said = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    asked = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        sent = message["params"] if message["method"] == "Network.requestWillBeSent" else {}
        if urlsplit(sent.get("documentURL", "")).scheme == "file":
            asked.append(sent["request"]["url"])
    return said, asked


def assert_quiet(browser) -> None:
    """No error in the console, no alert, and nothing asked of a network."""
    from selenium.common.exceptions import NoAlertPresentException

    with pytest.raises(NoAlertPresentException):
        _ = browser.switch_to.alert
    said, asked = drain(browser)
    assert not said
    assert all(urlsplit(url).scheme in {"file", "data", "blob", "about"} for url in asked), asked


def wait(browser, condition: str, *arguments, seconds: float = 15.0):
    """Run a script until it returns something true."""
    end = time.monotonic() + seconds
    while not (found := browser.execute_script(condition, *arguments)):
        assert time.monotonic() < end, f"in vain: {condition}"
        time.sleep(0.05)
    return found


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something is true: a solid map, for one, is drawn a frame after it was told to."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the page did not come to it"
        time.sleep(0.05)
