"""Find the programs that the tests need, install those that are missing, or say how.

    python3 tests/system_tools.py chromium zbar postgresql gettext fonts strace

Needs nothing but Python, since it runs before anything is installed. One line for each tool, and
exit status 1 with the command to run where it may not install by itself.
"""

import glob
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

OLDEST_POSTGRESQL = 14  # of those that Django 5.2 speaks to

# Paths are patterns; of several hits the last in natural order, the newest version, is taken.
CHROMIUM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
CHROMIUM_APPS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "~/Applications/Chromium.app/Contents/MacOS/Chromium",
    "~/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
FIREFOX_NAMES = ("firefox-esr", "firefox")
FIREFOX_APPS = (
    "/Applications/Firefox.app/Contents/MacOS/firefox",
    "~/Applications/Firefox.app/Contents/MacOS/firefox",
)
PLAYWRIGHT_FOLDERS = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
PLAYWRIGHT_CHROMIUM = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
    "chromium_headless_shell-*/chrome-headless-shell-*/chrome-headless-shell",
    "chromium_headless_shell-*/chrome-*/headless_shell",
)
POSTGRESQL_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
GETTEXT_FOLDERS = ("/opt/homebrew/opt/gettext/bin", "/usr/local/opt/gettext/bin")
FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
)


def _glob(pattern: str) -> list[str]:
    return glob.glob(os.path.expanduser(pattern), recursive=True)


def _output(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _run(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            check=False,
        )
    except OSError as error:
        print(error)
        return False
    if done.returncode != 0:
        print(done.stdout)
    return done.returncode == 0


@dataclass(frozen=True)
class Machine:
    """All that is asked of the machine and done to it, so that tests can hand in another one."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    which: Callable[[str], str | None] = shutil.which
    glob: Callable[[str], list[str]] = _glob
    # The standard output of a command that succeeds, else None.
    output: Callable[[Sequence[str]], str | None] = _output
    # Runs a command that changes the machine, shows its output if it fails; whether it succeeded.
    run: Callable[[Sequence[str]], bool] = _run
    has_module: Callable[[str], bool] = lambda name: importlib.util.find_spec(name) is not None
    is_root: bool = hasattr(os, "geteuid") and os.geteuid() == 0

    def newest(self, patterns: Sequence[str]) -> list[str]:
        hits = [path for pattern in patterns for path in self.glob(pattern)]
        return sorted(hits, key=_natural, reverse=True)


def _natural(path: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path)]


# --- Finding -----------------------------------------------------------------------------------


def find_chromium(machine: Machine) -> str | None:
    """A browser that starts; on Ubuntu `chromium-browser` may be a stub that only asks for snap."""
    folders = [machine.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "", *PLAYWRIGHT_FOLDERS]
    candidates = [
        machine.environ.get("CHROMIUM") or "",
        *(machine.which(name) or "" for name in CHROMIUM_NAMES),
        *machine.newest(CHROMIUM_APPS),
        *machine.newest([f"{top}/{end}" for end in PLAYWRIGHT_CHROMIUM for top in folders if top]),
    ]
    starts = (path for path in candidates if path and machine.output([path, "--version"]))
    return next(starts, None)


def find_firefox(machine: Machine) -> str | None:
    """One that starts; on Ubuntu `firefox` may be a stub that only asks for snap."""
    candidates = [
        machine.environ.get("FIREFOX") or "",
        *(machine.which(name) or "" for name in FIREFOX_NAMES),
        *machine.newest(FIREFOX_APPS),
    ]
    starts = (path for path in candidates if path and machine.output([path, "--version"]))
    return next(starts, None)


def find_webkit(machine: Machine) -> str | None:
    """The driver of WebKitGTK's own small browser, which comes with it."""
    if sys.platform != "linux":
        return "not needed, only Linux has it"
    return machine.which("WebKitWebDriver")


def find_xvfb(machine: Machine) -> str | None:
    """The screen that WebKitGTK wants where there is none."""
    if sys.platform != "linux":
        return "not needed, only WebKitGTK wants it"
    return machine.which("Xvfb")


def find_zbar(machine: Machine) -> str | None:
    return machine.which("zbarimg")


def find_postgresql(machine: Machine) -> str | None:
    """The folder that holds initdb, postgres and pg_ctl of one version."""
    initdb = machine.which("initdb")
    # On Debian a link on the PATH may lead into the folder of a version.
    folders = [str(Path(initdb).resolve().parent)] if initdb else []
    for folder in [*folders, *machine.newest(POSTGRESQL_FOLDERS)]:
        programs = [f"{folder}/{name}" for name in ("initdb", "postgres", "pg_ctl")]
        if all(machine.which(program) for program in programs):
            version = re.search(r"\d+", machine.output([programs[1], "--version"]) or "")
            if version and int(version[0]) >= OLDEST_POSTGRESQL:
                return folder
    return None


def find_database(machine: Machine) -> str | None:
    if machine.environ.get("TEST_DATABASE_URL"):
        return "not needed, TEST_DATABASE_URL names a server"
    return find_postgresql(machine)


def find_gettext(machine: Machine) -> str | None:
    """The program msgfmt beside the two others that Django calls."""
    folders = ["", *(f"{folder}/" for folder in GETTEXT_FOLDERS)]
    for folder in folders:
        programs = [machine.which(f"{folder}{name}") for name in ("msgfmt", "xgettext", "msgmerge")]
        if all(programs):
            return programs[0]
    return None


def find_fonts(machine: Machine) -> str | None:
    """One font that can draw French, else Chromium draws boxes."""
    listed = (machine.output(["fc-list", ":lang=fr", "file"]) or "").splitlines()
    if listed:
        return sorted(listed)[0].rstrip(": ")
    endings = ("ttf", "otf", "ttc")
    files = machine.newest([f"{top}/**/*.{end}" for top in FONT_FOLDERS for end in endings])
    return files[0] if files else None


def find_playwright(machine: Machine) -> str | None:
    """The driver that the package carries; it wants a library that a small Debian has not."""
    version = machine.output([sys.executable, "-m", "playwright", "--version"])
    return version.strip() if version else None


def find_strace(machine: Machine) -> str | None:
    """One that may look at another process, which some containers forbid."""
    if sys.platform != "linux":
        return "not needed, only Linux has it"
    path = machine.which("strace")
    return path if path and machine.output([path, "-o", "/dev/null", "true"]) is not None else None


def find_venv(machine: Machine) -> str | None:
    """Debian keeps half of venv in a package of its own."""
    return sys.executable if machine.has_module("ensurepip") else None


# --- Installing --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tool:
    find: Callable[[Machine], str | None]
    apt: str
    brew: str | None = None
    # Playwright's own download, where neither apt nor brew has the tool.
    playwright: str | None = None


TOOLS = {
    "chromium": Tool(find_chromium, apt="chromium", playwright="chromium"),
    "firefox": Tool(find_firefox, apt="firefox-esr", brew="firefox"),
    "webkit": Tool(find_webkit, apt="webkit2gtk-driver"),
    "xvfb": Tool(find_xvfb, apt="xvfb"),
    "playwright": Tool(find_playwright, apt="libatomic1"),
    "zbar": Tool(find_zbar, apt="zbar-tools", brew="zbar"),
    "postgresql": Tool(find_database, apt="postgresql", brew="postgresql@17"),
    "gettext": Tool(find_gettext, apt="gettext", brew="gettext"),
    "fonts": Tool(find_fonts, apt="fonts-noto-core"),
    "strace": Tool(find_strace, apt="strace"),
    "venv": Tool(find_venv, apt=f"python3.{sys.version_info.minor}-venv"),
}


def find(name: str, machine: Machine | None = None) -> str | None:
    """Where the tool is (a program; of PostgreSQL the folder), or None."""
    return TOOLS[name].find(machine or Machine())


def install_commands(names: Sequence[str], machine: Machine) -> list[list[str]]:
    """What would install these tools on this machine; empty where nothing is known to."""
    tools = [TOOLS[name] for name in names]
    if machine.which("apt-get"):
        packages = [tool.apt for tool in tools]
        apt = ["apt-get"] if machine.is_root else ["sudo", "apt-get"]
        return [
            [*apt, "update"],
            [*apt, "install", "-y", "--no-install-recommends", *packages],
        ]
    commands = []
    formulas = [tool.brew for tool in tools if tool.brew]
    if formulas and machine.which("brew"):
        commands.append(["brew", "install", *formulas])
    browsers = [tool.playwright for tool in tools if tool.playwright]
    if browsers and machine.has_module("playwright"):
        commands.append([sys.executable, "-m", "playwright", "install", *browsers])
    return commands


def may_install(machine: Machine) -> bool:
    """As root, with a sudo that asks nothing, or where no root is needed."""
    if machine.is_root or not machine.which("apt-get"):
        return True
    return machine.output(["sudo", "-n", "true"]) is not None


def provide(names: Sequence[str], machine: Machine) -> bool:
    """Find or install each tool and print where it is; False where a person must act."""
    missing = [name for name in names if not find(name, machine)]
    if missing:
        commands = install_commands(missing, machine)
        if not commands:
            print(f"Missing: {', '.join(missing)}. Please install them, then run this again.")
            return False
        shown = "\n".join(f"    {shlex.join(command)}" for command in commands)
        if not may_install(machine):
            print(f"Missing: {', '.join(missing)}. Please run this, then start again:\n{shown}")
            return False
        print(f"Installing {', '.join(missing)}:\n{shown}", flush=True)
        # An update that fails in part often still allows the install; the last word is its own.
        done = [machine.run(command) for command in commands]
        if not done[-1]:
            print(f"That did not work. Please run it by hand, then start again:\n{shown}")
            return False
    places = {name: find(name, machine) for name in names}
    for name, place in places.items():
        print(f"{name}: {place or _still_missing(name)}")
    return all(places.values())


def _still_missing(name: str) -> str:
    """Where a package of that name holds something else, such as Ubuntu's chromium without snap."""
    browser = TOOLS[name].playwright
    by_hand = f", try: {sys.executable} -m playwright install {browser}" if browser else ""
    return f"installed, but not found{by_hand}"


def main(names: Sequence[str]) -> int:
    unknown = [name for name in names if name not in TOOLS]
    if unknown or not names:
        print(f"usage: python3 tests/system_tools.py TOOL…   ({', '.join(TOOLS)})")
        return 2
    return 0 if provide(names, Machine()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
