"""A real browser that opens the page of a run, and what it says of every request and error."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import relending as rl
from tests.report.pages import hostile_run, run_of

RUNS = ("demo", "ledger", "national/original")
SIZES = {"phone": (360, 800), "desktop": (1280, 900)}
LANGS = ("zh", "en")


class Browser:
    """The browser with one page open at a time."""

    def __init__(self, driver: Any, pages: dict[str, Path]) -> None:
        self.driver, self.pages = driver, pages
        self._now = ""

    def size(self, name: str) -> None:
        """The window of a phone or of a desktop."""
        width, height = SIZES[name]
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": name == "phone"}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, name: str, lang: str = "en", size: str = "desktop", script: bool = True) -> None:
        """Open a page in a language, with or without JavaScript."""
        self.size(size)
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})
        self.driver.get("about:blank")
        self.requests()
        self.errors()
        self._now = self.pages[name].as_uri()
        self.driver.get(f"{self._now}#{lang}")

    def run(self, code: str, *given: Any) -> Any:
        """What a piece of script of ours gives."""
        return self.driver.execute_script(code, *given)

    def find(self, selector: str) -> Any:
        """The first element of a selector."""
        return self.driver.find_element("css selector", selector)

    def all(self, selector: str) -> list[Any]:
        """Every element of a selector."""
        return self.driver.find_elements("css selector", selector)

    def requests(self) -> list[str]:
        """The addresses asked for since the last call, the page itself and what it has inside left out."""
        out = []
        for entry in self.driver.get_log("performance"):
            told = json.loads(entry["message"])["message"]
            if told["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
                params = told["params"]
                out.append(params["request"]["url"] if "request" in params else params["url"])
        own = (self._now, "data:image/svg+xml;base64,", "about:blank")
        return [url for url in out if not any(one and url.startswith(one) for one in own)]

    def errors(self) -> list[str]:
        """What the console was told since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def pdf(self, path: Path) -> Path:
        """The page as it is printed."""
        options = {"preferCSSPageSize": True, "printBackground": True}
        path.write_bytes(base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", options)["data"]))
        return path

    def picture(self) -> bytes:
        """What is seen, as PNG."""
        return base64.b64decode(self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of some shipped runs and of a hostile one, by name, with pictures."""
    folder = tmp_path_factory.mktemp("pages")
    out = {name: rl.write_report(run_of(name), folder / f"{name.replace('/', '-')}.html") for name in RUNS}
    out["hostile"] = rl.write_report(hostile_run(tmp_path_factory.mktemp("hostile")), folder / "hostile.html")
    return out


@pytest.fixture(scope="session")
def browser(pages: dict[str, Path]) -> Iterator[Browser]:
    """A headless Chromium of the distribution."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    program, driver_program = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver_program is None:
        pytest.fail("RELENDING_BROWSER is 1, but there is no chromium with chromedriver on the PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en-US", "--hide-scrollbars"]
    for one in [*arguments, *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]:
        options.add_argument(one)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(driver_program))
    driver.set_script_timeout(240)
    try:
        yield Browser(driver, pages)
    finally:
        driver.quit()
