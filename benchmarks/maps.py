"""The maps of large libraries: how true they are, and how long laying out, drawing and opening them takes.

Run     python -m benchmarks.maps [--songs 1000 10000 20000] [--no-browser]

Libraries are generated (`benchmarks.libraries`), without audio, and all songs are shown, however many. Of a
song's 5 and 15 nearest in the search space it is told how many are among as many nearest on the map; for
music see `benchmarks.map_quality`. Where Chromium and its driver are installed, the pages are opened as well:
how long it takes until they are drawn, and until the 2D page answers.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.libraries import make_library
from common import console
from common.arrays import neighbours
from common.library import Library
from common.maps import figures, projection
from common.maps import page as map_pages
from common.maps.projection import KEPT_NEIGHBOURS
from common.maps.regions import find_regions
from common.maps.selection import choose_shown
from common.text import table

FARTHEST = 15
"""Nearest songs that a layout is judged by, beside the five that the page draws lines to."""


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--songs", type=int, nargs="+", default=[1000, 10_000, 20_000], metavar="N")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page")
    return parser


def measure(n_songs: int, folder: Path) -> dict[str, float]:
    """Seconds of every step, megabytes of the pages, and how true the layouts are."""
    library, found = make_library(n_songs), {}

    def timed(what: str, step: Callable[[], Any]) -> Any:
        watch = console.Stopwatch()
        done = step()
        found[what] = watch.seconds
        return done

    shown = timed("space", lambda: choose_shown(library, len(library)))
    near = timed("neighbours", lambda: shown.near)
    nearest = timed("nearest songs", lambda: map_pages.nearest_songs(shown))
    regions = timed("clusters", lambda: find_regions(shown))
    truth, _ = neighbours(shown.vectors, FARTHEST)
    for dimensions, draw in ((2, figures.draw_2d), (3, figures.draw_3d)):
        name, page = f"{dimensions}D", folder / f"map_{dimensions}d.html"
        made = timed(f"{name} layout", partial(projection.project, shown.vectors, near, dimensions))
        for k in (KEPT_NEIGHBOURS, FARTHEST):
            kept = projection.kept_share(truth, made.coordinates, k)
            found[f"{name} of {k} nearest kept"] = float("nan") if kept is None else k * float(kept.mean())
        found[f"{name} trustworthiness"] = made.trust or float("nan")
        timed(f"{name} picture", partial(_draw, draw, library, made, folder))
        timed(f"{name} page", partial(map_pages.write_map, library, made, nearest, page, None, regions))
        found[f"{name} page MB"] = page.stat().st_size / 1e6
    return found


def _draw(draw: Callable, library: Library, made: projection.Projection, folder: Path) -> None:
    from common import charts

    charts.save_png(draw(library, made), folder / "map.png")


STEPS = {
    "browser: colour by key": "const c = document.getElementById('colour'); c.value = 'key'; "
    "c.dispatchEvent(new Event('change'));",
    "browser: find": "const s = document.getElementById('search'); s.value = 'title 77'; "
    "s.dispatchEvent(new Event('input'));",
    "browser: choose": "document.querySelector('#results li').click();",
    "browser: hide a genre": "document.querySelector('#genres input').click();",
}
"""What a user does -> script. A step ends when the browser has drawn its next frame."""


def browse(flat: Path, solid: Path) -> dict[str, float]:
    """Seconds that the pages need to open, and the flat one to answer."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in ("--headless=new", "--no-sandbox", "--enable-unsafe-swiftshader", "--mute-audio"):
        options.add_argument(flag)
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    )
    try:
        driver.set_script_timeout(120)
        found = {}
        for name, page in (("3D", solid), ("2D", flat)):
            found[f"browser: open in {name}"], found[f"browser: open in {name}, CPU"] = _open(driver, page)
        for what, script in STEPS.items():
            watch = console.Stopwatch()
            driver.execute_async_script(
                f"const done = arguments[0]; {{ {script} }} "
                "requestAnimationFrame(() => requestAnimationFrame(() => done()))"
            )
            found[what] = watch.seconds
        return found
    finally:
        driver.quit()


def _open(driver: Any, page: Path) -> tuple[float, float]:
    """Seconds until a page is drawn, and CPU seconds of the browser's process that draws it."""
    driver.get("about:blank")
    driver.execute_cdp_cmd("Performance.enable", {})
    watch = console.Stopwatch()
    driver.get(page.as_uri())
    while not driver.execute_script("return Boolean(document.getElementById('map')?.on)"):
        time.sleep(0.02)
    seconds, metrics = watch.seconds, driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return seconds, next(metric["value"] for metric in metrics if metric["name"] == "ProcessTime")


def main(argv: list[str] | None = None) -> int:
    """Print a table: a row per step, a column per size of library, and how the last grows on the first."""
    arguments = get_parser().parse_args(argv)
    opens = not arguments.no_browser and shutil.which("chromium") and shutil.which("chromedriver")
    projection.import_umap()
    measure(50, Path(tempfile.mkdtemp()))  # compiles
    results = []
    for n_songs in arguments.songs:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(n_songs, Path(folder))
            results.append(
                found | (browse(Path(folder) / "map_2d.html", Path(folder) / "map_3d.html") if opens else {})
            )
    rows = [
        [what, *(f"{found[what]:.2f}" for found in results), f"× {results[-1][what] / results[0][what]:.1f}"]
        for what in results[0]
    ]
    headers = ["seconds, MB, or songs", *(f"{n} songs" for n in arguments.songs), "growth"]
    print(table(headers, rows, right=" " + "r" * (len(headers) - 1)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
