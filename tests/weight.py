"""What a page costs its reader: the bytes of a first visit, and what moves in it.

The site is served as a web server serves it, with gzip, and Chromium comes with an
empty cache. A shift is the sum of all layout shifts that no click or key explains: as
the page loads, and as it is scrolled slowly to its end.
"""

import gzip
from collections import Counter
from contextlib import contextmanager
from functools import cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

VIEWS = {"phone": (390, 844), "desktop": (1280, 900)}
KINDS = ("document", "stylesheet", "script", "font", "image")

# What Lighthouse takes for a phone: slow 4G, and a quarter of this machine's speed.
SLOW = {
    "Network.emulateNetworkConditions": {
        "offline": False,
        "latency": 150,
        "downloadThroughput": 1.6e6 / 8,
        "uploadThroughput": 750e3 / 8,
    },
    "Emulation.setCPUThrottlingRate": {"rate": 4},
}

WATCH = """
window.shifts = [];
const observer = new PerformanceObserver(list => {
    for (const shift of list.getEntries()) {
        if (shift.hadRecentInput) continue;
        const moved = shift.sources.map(source => source.node)
            .map(node => node?.nodeType === Node.TEXT_NODE ? node.parentElement : node)
            .map(node => node ? node.cloneNode().outerHTML ?? node.nodeName : "gone");
        window.shifts.push([shift.value, [...new Set(moved)].join(" ").slice(0, 200)]);
    }
});
observer.observe({type: "layout-shift", buffered: true});
"""

# All that comes by itself has come: the fonts, and what scripts do a little later.
SETTLE = """() => document.fonts.ready.then(
    () => new Promise(done => setTimeout(done, 800)))"""

SCROLL = """async () => {
    const page = document.documentElement;
    const drawn = () => new Promise(done => requestAnimationFrame(
        () => requestAnimationFrame(done)));
    for (let y = 0; y < page.scrollHeight; y += innerHeight / 3) {
        scrollTo({top: y, behavior: "instant"});
        await drawn();
    }
}"""


@cache
def packed(path, _changed):
    """Return the bytes of a file as gzip sends them."""
    return gzip.compress(path.read_bytes(), 6, mtime=0)


class Packing(SimpleHTTPRequestHandler):
    """Send text packed, and what is packed already as it is."""

    protocol_version = "HTTP/1.1"
    plain = {".woff", ".woff2", ".png", ".jpg", ".zip", ".pdf"}

    def do_GET(self):
        """Send a file, or say that there is none."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            return self.send_error(404)
        text = path.suffix not in self.plain
        body = packed(path, path.stat().st_mtime_ns) if text else path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(body)))
        if text:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A server that does not mind a browser that hangs up."""

    daemon_threads = True

    def handle_error(self, *_):
        """Say nothing."""


@contextmanager
def served(folder):
    """Serve a folder to this machine, and yield its address."""

    def handler(*arguments):
        return Packing(*arguments, directory=str(folder))

    with Server(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def measured(browser, url, view="phone", slow=False):
    """Visit a page for the first time.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
        Chromium.
    url : str
        The page, on a server.
    view : str
        One of `VIEWS`.
    slow : bool
        Whether the network and the machine are a slow phone's.

    Returns
    -------
    sent : Counter
        Bytes received, headers included, by kind, until the page is at rest.
    shifts : list of (float, str)
        Each shift and what moved, on the way to the end of the page too.
    """
    width, height = VIEWS[view]
    context = browser.new_context(
        viewport={"width": width, "height": height}, service_workers="block"
    )
    page = context.new_page()
    if slow:
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        for name, setting in SLOW.items():
            session.send(name, setting)
    page.add_init_script(WATCH)
    done = []
    page.on("requestfinished", lambda request: done.append(request))
    page.goto(url, wait_until="load")
    page.evaluate(SETTLE)
    sent = Counter()
    for request in list(done):
        sizes = request.sizes()
        size = sizes["responseBodySize"] + sizes["responseHeadersSize"]
        sent[request.resource_type] += size
    page.evaluate(SCROLL)
    page.evaluate(SETTLE)
    shifts = [tuple(shift) for shift in page.evaluate("() => window.shifts")]
    context.close()
    return sent, shifts
