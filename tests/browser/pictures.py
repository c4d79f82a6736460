"""Makes the pictures of the documentation again: `python -m tests.browser.pictures [directory]`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import ViewportSize

from tests.acceptance.conftest import Zoe, zoe_maker
from tests.browser.chromium import Person, chromium
from tests.browser.conftest import PASSWORD, Site
from tests.browser.shop import make_shop, web_zapp

GIB = 1024**3
SIZE: ViewportSize = {"width": 1120, "height": 800}
CORES = {
    "word count": 2.0,
    "customer churn": 3.0,
    "sensor averages": 1.5,
    "image labels": 2.0,
    "thesis chapter 4": 1.0,
    "night report": 4.0,
}


def main(into: Path) -> None:
    """Start a Zoe with something in it, and take the pictures."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, zoe_maker() as make, chromium() as browser:
        Path(directory).chmod(0o711)
        settings = {"ZOE_ADMIN_PASSWORD": PASSWORD, "ZOE_ZAPPS__SHOP_DIR": str(make_shop(Path(directory) / "shop"))}
        settings |= {"ZOE_GATEWAY__PORT": "0", "ZOE_PLUGINS__PROCESS__CORES": "8", "ZOE_DEPLOYMENT_NAME": "zoe"}
        zoe: Zoe = make(Path(directory) / "zoe", settings)
        zoe.lift_quota()
        site = Site(zoe)
        running = fill(site)
        somebody = Person.at(browser, site.base)
        somebody.page.set_viewport_size(SIZE)
        somebody.sign_in("admin", PASSWORD)
        for name, path in (("shop", "/shop"), ("execution", f"/executions/{running}"), ("cluster", "/cluster")):
            somebody.go(path)
            somebody.page.wait_for_timeout(2500)
            somebody.page.screenshot(path=into / f"{name}.png")
            print(into / f"{name}.png")  # noqa: T201 - a command


def fill(site: Site) -> int:
    """Start some executions, more than there is room for; return one that runs."""
    numbers = []
    for name, cores in CORES.items():
        application = web_zapp(cores=cores)
        application["services"][0]["resources"]["memory"]["min"] = int(cores * GIB)
        numbers.append(site.submit(application, name))
    site.zoe.wait_for(numbers[0], "running")
    site.zoe.wait_for(numbers[2], "running")
    return numbers[0]


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures"))
