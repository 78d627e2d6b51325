#!/usr/bin/env python3
"""Walks through the viewer in Chromium against a real server, as a person in front of a class would.

A developer's check: it needs Playwright for Python and a Chromium, so the test suite leaves it out.

    swift build -c release
    python3 Tests/viewer/walk.py [--model DIR] [--shots DIR] [--screenshot docs/viewer.png]

It fails on console errors, Content-Security-Policy violations, requests to anything but the server, and on every
step that does not show what it should. `--screenshot` writes the picture for the README, `--shots` one for each step.
"""

import argparse
import contextlib
import pathlib
import subprocess
import tempfile
import threading

from playwright.sync_api import Page, expect, sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "public" / "examples"
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@contextlib.contextmanager
def served(binary, model, port="0"):
    """A server on a port, by default any free one; yields its process and address."""
    command = [binary, "serve", "--port", port, *(["--model", model] if model else [])]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process, address(process)
    finally:
        process.terminate()
        process.wait(10)


def address(process):
    for line in process.stdout:
        if "listening on http" in line:
            # What comes later is read and dropped, so that a full pipe never holds the server up.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return line.split("listening on ")[1].split()[0].rstrip("/") + "/"
    raise SystemExit(f"the server ended with status {process.wait()} before it listened")


class Watch:
    """Collects what must not happen on the page."""

    def __init__(self, page: Page, base: str):
        self.faults, self.stopped = [], False
        page.on("console", lambda message: self.note(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.note(f"uncaught: {error}"))
        page.on("request", lambda request: self.note(f"outside request: {request.url}")
                if not request.url.startswith((base, "blob:", "data:")) else None)

    def note(self, fault):
        # Chromium itself reports failed requests on the console; the steps that cause them say so.
        if not (self.stopped and "Failed to load resource" in fault):
            self.faults.append(fault)

    @contextlib.contextmanager
    def expecting_failures(self):
        self.stopped = True
        yield
        self.stopped = False


class Walk:
    def __init__(self, page: Page, base: str, shots: pathlib.Path | None):
        self.page, self.base, self.shots, self.count = page, base, shots, 0
        self.watch = Watch(page, base)

    def shot(self, name):
        self.count += 1
        if self.shots:
            self.page.wait_for_timeout(250)
            self.page.screenshot(path=self.shots / f"{self.count:02}-{name}.png")
        print(f"  {name}")

    def open(self):
        self.page.goto(self.base)
        expect(self.page.locator(".badge")).to_have_attribute("data-status", "ready")
        expect(self.page.locator(".example").first).to_be_visible()
        self.shot("opened")

    def choose_example(self, name, question=None):
        """Opens an example; its own question is already in the field."""
        if self.page.locator(".tab").count():
            self.page.goto(self.base)
        self.page.locator(f'.example:has(img[src$="{name}"])').click()
        expect(self.page.locator(".picture")).to_be_visible()
        if question:
            self.page.locator("#question").fill(question)
        expect(self.page.locator(".send.primary")).to_be_enabled()

    def ask(self):
        self.page.locator(".send.primary").click()
        self.answered()

    def answered(self):
        expect(self.page.locator(".tokens.live .token").first).to_be_visible(timeout=60_000)

    def heat(self):
        """The heat map's pixels, as one string to compare."""
        return self.page.locator(".heat").evaluate("canvas => canvas.toDataURL()")

    def changes_heat(self, act, name):
        before = self.heat()
        act()
        self.page.wait_for_timeout(200)
        assert self.heat() != before, f"{name} left the heat map as it was"

    def token(self, text):
        return self.page.locator(".token", has_text=text).first

    def compare(self):
        with self.page.expect_response("**/v1/knockout"), self.page.expect_response("**/v1/attention"):
            self.page.get_by_role("button", name="Compare").click()
        expect(self.page.locator(".side")).to_have_count(2)
        expect(self.page.locator(".words-note")).to_contain_text("Point at a word")


def asks_about_an_example(walk: Walk):
    page = walk.page
    walk.choose_example("scene-06.jpg")
    walk.shot("example")
    walk.ask()
    walk.shot("answered")
    tokens = page.locator(".token")
    walk.changes_heat(lambda: tokens.nth(2).hover(), "hovering a word")
    walk.shot("hovered")
    tokens.nth(2).click()
    expect(tokens.nth(2)).to_have_attribute("aria-selected", "true")
    page.mouse.move(5, 5)
    walk.changes_heat(lambda: page.keyboard.press("ArrowRight"), "the right arrow")
    expect(tokens.nth(3)).to_have_attribute("aria-selected", "true")
    walk.changes_heat(lambda: page.keyboard.press("ArrowUp"), "the up arrow")
    walk.changes_heat(lambda: drag_layers(page, 0.1, 0.1), "a click on the layers")
    page.get_by_text("Range mean").click()
    walk.changes_heat(lambda: drag_layers(page, 0.3, 0.9), "a drag over the layers")
    walk.shot("layer-range")
    walk.changes_heat(lambda: page.locator("#head").select_option("0"), "head 0")
    expect(page.locator(".stage-message")).to_be_empty()
    walk.changes_heat(lambda: page.locator("#head").select_option("max"), "max over heads")
    for colours in ("spotlight", "viridis"):
        walk.changes_heat(lambda: page.locator("#colormap").select_option(colours), colours)
        walk.shot(f"colours-{colours}")
    walk.changes_heat(lambda: page.get_by_text("Smooth").click(), "patches instead of smoothing")
    page.locator("#head").focus()
    page.locator("#head").blur()
    page.keyboard.press("Space")
    expect(page.locator(".heat")).to_have_css("opacity", "0")
    page.keyboard.press("Space")
    walk.shot("patches")


def drag_layers(page, start, end):
    box = page.locator(".track").bounding_box()
    page.mouse.move(box["x"] + start * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], box["y"] + 20, steps=4)
    page.mouse.up()


def takes_sight_away(walk: Walk):
    page = walk.page
    walk.choose_example("scene-09.jpg")
    walk.ask()
    for name in ("The answer", "The prompt", "Both"):
        page.get_by_role("button", name=name, exact=True).click()
        walk.compare()
        walk.shot(f"knockout-{name.split()[-1].lower()}")
    variant = page.locator(".side").nth(1).locator(".word")
    walk.changes_heat(lambda: variant.last.hover(), "hovering a word of the answer without sight")
    walk.shot("knockout-hovered")
    walk.changes_heat(lambda: page.mouse.move(5, 5), "leaving that word")
    page.get_by_role("button", name="A region").click()
    expect(page.locator(".comparison.outdated")).to_be_visible()
    paint_region(page, (0.2, 0.2), (0.35, 0.7))
    walk.shot("region-chosen")
    count = page.locator(".region button").first
    several = count.inner_text()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    expect(count).not_to_have_text(several)
    page.keyboard.press("Space")
    expect(count).to_have_text(several)
    page.keyboard.press("Escape")
    expect(page.locator(".frame.selecting")).to_have_count(0)
    walk.compare()
    walk.shot("knockout-region")
    page.locator("#knockout-layers").select_option("mid")
    walk.compare()


def stops_a_knockout(walk: Walk):
    """The request is held back here, since a small model answers before anyone could stop it."""
    page = walk.page
    page.route("**/v1/knockout", lambda route: None)
    page.get_by_role("button", name="Compare").click()
    page.locator("#knockout").get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Compare")).to_be_enabled()
    expect(page.locator(".side")).to_have_count(0)
    page.unroute("**/v1/knockout")
    walk.compare()


def paint_region(page, start, end):
    box = page.locator(".frame").bounding_box()
    at = lambda x, y: (box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.mouse.move(*at(*start))
    page.mouse.down()
    page.mouse.move(*at(*end), steps=8)
    page.mouse.up()


def uploads_a_picture(walk: Walk):
    page = walk.page
    page.goto(walk.base)
    page.locator('input[type="file"]').set_input_files(EXAMPLES / "scene-12.jpg")
    page.locator("#question").fill("What color is the diamond?")
    page.locator("#question").press("Enter")
    walk.answered()
    walk.shot("uploaded")


def drops_a_picture(walk: Walk):
    """A drop made by script, with a real file in it."""
    walk.page.goto(walk.base)
    walk.page.evaluate("""async (path) => {
        const blob = await (await fetch(path)).blob();
        const transfer = new DataTransfer();
        transfer.items.add(new File([blob], "dropped.jpg", { type: "image/jpeg" }));
        for (const type of ["dragenter", "dragover", "drop"]) {
            document.querySelector("#stage").dispatchEvent(
                new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }
    }""", "examples/scene-08.jpg")
    expect(walk.page.locator(".tab-name")).to_have_text("dropped.jpg")
    expect(walk.page.locator(".picture")).to_be_visible()
    walk.shot("dropped")


def asks_about_two_pictures(walk: Walk):
    page = walk.page
    walk.choose_example("scene-01.png")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add").click()
    chooser.value.set_files(EXAMPLES / "scene-06.jpg")
    expect(page.locator(".tab")).to_have_count(2)
    page.locator("#question").fill("Describe this image.")
    walk.ask()
    before = walk.heat()
    page.locator(".tab-name").first.click()
    page.wait_for_timeout(250)
    assert walk.heat() != before, "both pictures show one heat map"
    walk.shot("two-pictures")


def meets_errors(walk: Walk, process, restart):
    page = walk.page
    page.goto(walk.base)
    with tempfile.TemporaryDirectory() as folder, walk.watch.expecting_failures():
        broken = pathlib.Path(folder) / "broken.jpg"
        broken.write_bytes((EXAMPLES / "scene-06.jpg").read_bytes()[:700])
        page.locator('input[type="file"]').set_input_files(broken)
        expect(page.locator(".stage-message.failed")).to_be_visible()
        expect(page.locator(".why")).to_contain_text("Remove the picture")
        walk.shot("broken-picture")
        walk.choose_example("scene-06.jpg")
        process.terminate()
        process.wait(10)
        page.locator(".send.primary").click()
        expect(page.locator("#answer .error")).to_contain_text("did not answer")
        expect(page.locator(".badge")).to_have_attribute("data-status", "connecting")
        walk.shot("server-stopped")
        port = walk.base.rstrip("/").rsplit(":", 1)[1]
        with restart(port):
            expect(page.locator(".badge")).to_have_attribute("data-status", "ready", timeout=20_000)
            expect(page.locator(".send.primary")).to_be_enabled()
            walk.ask()
            walk.shot("server-back")


def looks_elsewhere(browser, base, shots, faults):
    """The same page in the dark and on a phone."""
    for name, options in {
        "dark": {"viewport": DESK, "color_scheme": "dark"},
        "phone": {"viewport": PHONE, "device_scale_factor": 2, "has_touch": True, "is_mobile": True},
    }.items():
        walk = Walk(browser.new_context(**options).new_page(), base, shots)
        walk.count = 60 if name == "dark" else 80
        walk.open()
        walk.choose_example("scene-08.jpg")
        walk.ask()
        walk.token("above").or_(walk.page.locator(".token").nth(2)).first.click()
        walk.shot(name)
        walk.compare()
        walk.shot(f"{name}-knockout")
        walk.page.mouse.wheel(0, 10_000)
        walk.shot(f"{name}-end")
        width = walk.page.evaluate("document.documentElement.scrollWidth")
        assert width <= options["viewport"]["width"], f"{name}: the page is {width} pixels wide"
        faults += walk.watch.faults


def readme_picture(browser, base, path, faults):
    """One picture that says what Fovea does: a word's heat map, and the answer without sight."""
    walk = Walk(browser.new_context(viewport=DESK).new_page(), base, None)
    walk.open()
    walk.choose_example("scene-08.jpg", "Describe this image.")
    walk.ask()
    walk.page.get_by_role("button", name="Both", exact=True).click()
    walk.compare()
    walk.token("purple").click()
    walk.page.mouse.move(5, 5)
    walk.page.wait_for_timeout(400)
    walk.page.screenshot(path=path)
    size = path.stat().st_size
    assert size < 400_000, f"{path} has {size} bytes; the README's picture may have 400 000"
    faults += walk.watch.faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=".build/release/fovea", help="the fovea executable")
    parser.add_argument("--model", help="model directory (default: the embedded model)")
    parser.add_argument("--shots", type=pathlib.Path, help="folder for a picture of each step")
    parser.add_argument("--screenshot", type=pathlib.Path, help="file for the README's picture")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser")
    options = parser.parse_args()
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
    faults = []
    with served(options.server, options.model) as (process, base), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        looks_elsewhere(browser, base, options.shots, faults)
        if options.screenshot:
            options.screenshot.parent.mkdir(parents=True, exist_ok=True)
            readme_picture(browser, base, options.screenshot, faults)
        walk = Walk(browser.new_context(viewport=DESK).new_page(), base, options.shots)
        walk.open()
        for step in (asks_about_an_example, takes_sight_away, stops_a_knockout, uploads_a_picture,
                     drops_a_picture, asks_about_two_pictures):
            step(walk)
        meets_errors(walk, process, lambda port: served(options.server, options.model, port))
        faults += walk.watch.faults
        browser.close()
    if faults:
        raise SystemExit("The page did what it must not:\n" + "\n".join(dict.fromkeys(faults)))
    print("The walk is clean.")


if __name__ == "__main__":
    main()
