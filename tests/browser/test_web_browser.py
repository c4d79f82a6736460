"""What people do with the pages, in a real browser: from the shop to a running page, and everything around it."""

import re
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.acceptance.conftest import nginx_of, until
from tests.browser.chromium import PATIENCE, Person
from tests.browser.shop import HOSTILE, web_zapp

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.xdist_group("browser")]
expect.set_options(timeout=PATIENCE)
Sit = Callable[..., Person]  # `person` of conftest.py
OPENED = re.compile(r"http://localhost:\d+/\d+/web0/Page/")


def start(somebody: Person, name: str = "Web server") -> int:
    """Open something from the shop, and wait until its own page is there; return the execution's id."""
    somebody.go("/shop")
    somebody.page.get_by_role("button", name=f"Open {name}").click()
    somebody.page.wait_for_url(OPENED)
    return int(somebody.page.url.split("/")[3])


def stop(somebody: Person, number: int) -> None:
    somebody.go(f"/executions/{number}")
    somebody.page.get_by_role("button", name="Stop").click()
    expect(somebody.page.locator("#state .pill").first).to_have_text("ended")


def test_one_click_leads_from_the_shop_to_a_page_behind_the_gateway_and_back(person: Sit) -> None:
    eve = person("eve")  # who may not use the API
    eve.shot("shop")
    number = start(eve)
    expect(eve.page.get_by_role("heading", name="Directory listing")).to_be_visible()
    eve.go(f"/executions/{number}")
    expect(eve.page.locator("#log")).to_contain_text("ready hello")
    expect(eve.page.get_by_role("link", name="Page")).to_have_attribute("href", re.compile(r"/gateway/enter\?to=/"))
    eve.shot("execution")
    with eve.context.expect_page() as opened:
        eve.page.get_by_role("link", name="Page").click()
    opened.value.wait_for_url(OPENED)
    opened.value.goto(f"{opened.value.url}of-the-log")
    expect(eve.page.locator("#log")).to_contain_text("of-the-log")  # live: the page was not loaded again
    stop(eve, number)
    expect(eve.page.locator("#timeline")).to_contain_text("stopped by eve")
    eve.shot("execution-ended")
    eve.page.get_by_role("button", name="Start again").click()
    eve.page.wait_for_url(OPENED)
    stop(eve, int(eve.page.url.split("/")[3]))


def test_nobody_opens_what_belongs_to_somebody_else(person: Sit) -> None:
    eve, bob = person("eve"), person("bob")
    number = start(eve)
    bob.page.goto(eve.page.url)
    expect(bob.page.get_by_role("heading", name="Nothing here")).to_be_visible()
    bob.page.goto(f"{bob.base}/gateway/enter?to=/{number}/web0/Page/")
    expect(bob.page.get_by_role("heading", name="Nothing here")).to_be_visible()
    assert bob.go(f"/executions/{number}") == 403
    expect(bob.page.get_by_role("heading", name="Not for you")).to_be_visible()
    bob.shot("refused")
    stranger = person(None)
    stranger.page.goto(eve.page.url)
    expect(stranger.page.get_by_role("heading", name="Welcome")).to_be_visible()
    stranger.shot("signin")
    stranger.page.get_by_label("User name").fill("eve")
    stranger.page.get_by_label("Password").fill("sesame, open")
    stranger.page.keyboard.press("Enter")
    stranger.page.wait_for_url(OPENED)  # back where one was going
    stop(eve, number)


def test_a_value_that_does_not_fit_is_told_beside_its_field(person: Sit) -> None:
    eve = person("eve")
    eve.page.get_by_role("link", name="Choose settings of Web server").click()
    eve.page.get_by_label("Servers").fill("7")
    eve.page.get_by_label("Greeting").fill("good day")
    eve.page.get_by_role("button", name="Start").click()
    field = eve.page.get_by_label("Servers")
    expect(field).to_have_accessible_description(re.compile("should be at most 3"))
    expect(eve.page.get_by_label("Greeting")).to_have_value("good day")
    eve.shot("offer-refused")
    assert not eve.findings()


def test_what_waits_says_why_and_what_starts_elsewhere_appears_by_itself(person: Sit, site: Any) -> None:
    admin = person("admin")
    admin.go("/executions")
    number = site.submit(web_zapp(cores=4000), "too much")
    expect(admin.page.locator(f"#row-{number}")).to_contain_text("too much")
    expect(admin.page.locator(f"#row-{number}")).to_contain_text("cores")
    admin.go(f"/executions/{number}/opening")
    expect(admin.page.get_by_role("heading", name="Why it waits")).to_be_visible()
    admin.shot("opening-waiting")
    site.zoe.stop_execution(number)
    expect(admin.page.get_by_role("button", name="Start again")).to_be_visible()  # the details have come by themselves


@pytest.mark.parametrize("streams", [True, False])
def test_a_page_says_within_seconds_that_it_shows_something_old(person: Sit, *, streams: bool) -> None:
    eve = person("eve")
    if not streams:
        eve.page.route("**/_zoe/**", lambda route: route.abort())
    eve.go("/executions")
    eve.page.wait_for_timeout(2500)
    expect(eve.page.locator("#stale")).to_be_hidden()
    eve.context.set_offline(True)
    lost = time.monotonic()
    expect(eve.page.locator("#stale")).to_contain_text(
        re.compile(r"Connection lost, showing the state of \d\d:\d\d:\d\d")
    )
    assert time.monotonic() - lost < 30  # the rule is 2 s, kept by the page's own clock; this machine may be busy
    eve.shot("stale")
    assert not eve.findings()
    eve.context.set_offline(False)
    expect(eve.page.locator("#stale")).to_be_hidden()


def test_a_page_says_after_two_seconds_that_zoe_hangs_and_takes_it_back(person: Sit, site: Any) -> None:
    """On a clock of the test's own, so that the two seconds are two seconds on any machine."""
    eve = person("eve")
    stale, clock = eve.page.locator("#stale"), eve.page.clock
    clock.install()
    eve.go("/executions")
    clock.pause_at(time.time() + 60)

    def shows_something_old_after(milliseconds: int) -> bool:
        clock.run_for(milliseconds)
        eve.page.wait_for_timeout(100)  # what the page asked for has its time to come
        return stale.is_visible()

    until(lambda: not shows_something_old_after(250), "an answer, and a look at the clock after it")
    site.zoe.process.send_signal(signal.SIGSTOP)
    try:
        until(lambda: shows_something_old_after(250), "words about it")
        said = re.search(r"Connection lost, showing the state of (\d\d):(\d\d):(\d\d)", stale.inner_text())
        now = eve.page.evaluate(
            "(() => { const t = new Date(); return [t.getHours(), t.getMinutes(), t.getSeconds()] })()"
        )
        assert said
        # It is said at the first look, four a second, after two seconds; and says whole seconds.
        assert seconds_between([int(number) for number in said.groups()], now) in {2, 3}
    finally:
        site.zoe.process.send_signal(signal.SIGCONT)
    clock.resume()
    expect(stale).to_be_hidden()


def seconds_between(earlier: list[int], later: list[int]) -> int:
    """How far two times of day, each hours, minutes and seconds, are apart."""
    first, last = (hours * 3600 + minutes * 60 + seconds for hours, minutes, seconds in (earlier, later))
    return (last - first) % 86400


def test_a_page_whose_gateway_hangs_asks_zoe_itself(person: Sit, site: Any) -> None:
    admin = person("admin")
    with admin.page.expect_response("**/_zoe/alive"):
        admin.go("/executions")  # and the stream of changes is open
    gateway = nginx_of(site.zoe)
    assert gateway, "nginx is the gateway's door here"
    for one in gateway:
        one.suspend()
    try:
        number = site.submit(web_zapp(), "nobody told")
        expect(admin.page.locator(f"#row-{number}")).to_contain_text("running")
    finally:
        for one in gateway:
            one.resume()
    with admin.page.expect_response("**/_zoe/alive"):
        site.zoe.stop_execution(number)  # what is told is trusted again


def test_without_streams_a_page_asks_for_itself(person: Sit, site: Any) -> None:
    admin = person("admin")
    admin.page.route("**/_zoe/**", lambda route: route.abort())
    admin.go("/executions")
    number = site.submit(web_zapp(), "asked for")
    expect(admin.page.locator(f"#row-{number}")).to_contain_text("running")
    admin.go(f"/executions/{number}")
    expect(admin.page.locator("#log")).to_contain_text("ready hello")
    site.zoe.stop_execution(number)
    expect(admin.page.get_by_role("button", name="Start again")).to_be_visible()


def test_what_strangers_wrote_stays_text(person: Sit, site: Any) -> None:
    admin = person("admin")
    number = site.submit(web_zapp(), HOSTILE[:128])
    for path in ("/executions", "/executions/all", f"/executions/{number}", "/cluster"):
        admin.go(path)
        expect(admin.page.locator("main")).to_contain_text(str(number))
        assert admin.page.title() != "taken"
        assert admin.page.locator("main script, main img[src=x]").count() == 0
        assert "\u202e" not in admin.page.content()
        assert fits(admin)
    admin.go(f"/executions/{number}")
    admin.shot("hostile-name")
    site.zoe.stop_execution(number)


def fits(somebody: Person) -> bool:
    """Tell whether nothing sticks out of the window."""
    return bool(somebody.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_everything_can_be_done_without_a_mouse(person: Sit) -> None:
    eve = person(None)
    eve.go("/signin")
    # the browser gives the first field the focus only with its first picture of the page
    expect(eve.page.get_by_label("User name")).to_be_focused()
    eve.page.keyboard.type("eve")
    press(eve, "Password")
    eve.page.keyboard.type("sesame, open")
    eve.page.keyboard.press("Enter")
    eve.page.wait_for_url("**/shop")
    eve.page.keyboard.press("Tab")
    expect(eve.page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    eve.page.keyboard.press("Enter")
    press(eve, "Open Web server")
    eve.page.keyboard.press("Enter")
    eve.page.wait_for_url(OPENED)
    eve.go(f"/executions/{eve.page.url.split('/')[3]}")
    press(eve, "Stop")
    eve.page.keyboard.press("Enter")
    expect(eve.page.get_by_role("button", name="Start again")).to_be_visible()


def press(somebody: Person, name: str) -> None:
    """Go with the tabulator to what has this name; wherever the focus is, it can be seen."""
    for _ in range(60):
        somebody.page.keyboard.press("Tab")
        focus = "(() => { const e = document.activeElement; return [e.ariaLabel || e.labels?.[0]?.innerText || "
        focus += "e.innerText, getComputedStyle(e).outlineStyle] })()"
        text, outline = somebody.page.evaluate(focus)
        assert outline != "none", text
        if str(text).strip().startswith(name):
            return
    raise AssertionError(f"the tabulator never comes to {name}")


PAGES = [
    "/shop",
    "/shop/type/spark-notebook",
    "/executions",
    "/executions/{}",
    "/executions/all",
    "/cluster",
    "/nothing",
]


def test_every_page_fits_a_phone_and_is_fit_for_all_in_light_and_dark(person: Sit, site: Any) -> None:
    number = site.submit(web_zapp(), "to look at")
    waiting = site.submit(web_zapp(cores=4000), "that waits")
    site.zoe.wait_for(number, "running")
    said = []
    for scheme in ("light", "dark"):
        admin = person("admin", color_scheme=scheme)
        for path in [*PAGES, f"/executions/{waiting}", f"/executions/{waiting}/opening"]:
            admin.page.set_viewport_size({"width": 1200, "height": 850})
            admin.go(path.format(number))
            admin.page.wait_for_timeout(400)
            name = path.strip("/").replace("/", "-").replace("{}", "one").replace(str(waiting), "waiting")
            admin.shot(f"{scheme}-{name}")
            said += [f"{scheme} {path}: {finding}" for finding in admin.findings()]
            admin.page.set_viewport_size({"width": 360, "height": 740})
            if not fits(admin):
                said.append(f"{scheme} {path}: wider than a phone")
            admin.shot(f"{scheme}-{name}-phone")
        admin.page.set_viewport_size({"width": 1200, "height": 850})
    stranger = person(None, color_scheme="dark")
    stranger.go("/signin")
    said += stranger.findings()
    assert not said, "\n".join(said)
    for one in (number, waiting):
        site.zoe.stop_execution(one)
