"""What the set-up finds, what it would install, and what it says, on machines that are made up."""

import dataclasses
import fnmatch
import shlex
import sys

import pytest

from tests.system_tools import Machine, find, install_commands, main, provide

pytestmark = pytest.mark.pure

SUDO_ASKS_NOTHING = {"sudo -n true": ""}


class Made:
    """A machine of so many files and commands that answer; notes what was run on it."""

    def __init__(self, *programs, answers=None, environ=None, modules=(), root=False, after=()):
        self.programs = set(programs)
        self.answers = answers or {}
        self.ran = []
        self.works = True
        self.after = after
        self.machine = Machine(
            environ=environ or {},
            which=self.which,
            glob=self.glob,
            output=lambda command: self.answers.get(shlex.join(command)),
            run=self.run,
            has_module=lambda name: name in modules,
            is_root=root,
        )

    def which(self, name):
        """By full path, or by name as if every folder were on the PATH."""
        if "/" in name:
            return name if name in self.programs else None
        return next((path for path in sorted(self.programs) if path == f"/made/bin/{name}"), None)

    def glob(self, pattern):
        places = self.programs | {path.rpartition("/")[0] for path in self.programs}
        return fnmatch.filter(places, pattern)

    def run(self, command):
        self.ran.append(shlex.join(command))
        if self.works:
            self.programs.update(self.after)
        return self.works


def postgresql(folder, version):
    programs = [f"{folder}/{name}" for name in ("initdb", "postgres", "pg_ctl")]
    return programs, {f"{folder}/postgres --version": f"postgres (PostgreSQL) {version}\n"}


# --- Finding -----------------------------------------------------------------------------------


def test_it_finds_chromium_by_any_of_its_names():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = f"/made/bin/{name}"
        made = Made(path, answers={f"{path} --version": "Chromium 156"})
        assert find("chromium", made.machine) == path


def test_it_passes_over_a_chromium_that_does_not_start():
    stub, real = "/made/bin/chromium-browser", "/made/bin/google-chrome"
    made = Made(stub, real, answers={f"{real} --version": "Google Chrome 156"})
    assert find("chromium", made.machine) == real


def test_it_takes_the_newest_chromium_that_playwright_installed():
    old, new = (f"/cache/chromium-{number}/chrome-linux/chrome" for number in ("999", "1200"))
    made = Made(
        old,
        new,
        answers={f"{path} --version": "Chromium" for path in (old, new)},
        environ={"PLAYWRIGHT_BROWSERS_PATH": "/cache"},
    )
    assert find("chromium", made.machine) == new


def test_it_finds_a_chrome_app_of_macos():
    app = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    made = Made(app, answers={shlex.join([app, "--version"]): "Google Chrome 156"})
    assert find("chromium", made.machine) == app


def test_it_prefers_the_chromium_that_the_environment_names():
    named, found = "/mine/chrome", "/made/bin/chromium"
    made = Made(
        named,
        found,
        answers={f"{path} --version": "Chromium" for path in (named, found)},
        environ={"CHROMIUM": named},
    )
    assert find("chromium", made.machine) == named


def test_it_passes_over_a_firefox_that_does_not_start():
    """Debian's name comes first; Ubuntu's stub only asks for snap."""
    stub, app = "/made/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"
    made = Made(stub, app, answers={f"{app} --version": "Mozilla Firefox 153"})
    assert find("firefox", made.machine) == app
    esr = "/made/bin/firefox-esr"
    both = Made(stub, esr, answers={f"{path} --version": "Mozilla Firefox" for path in (stub, esr)})
    assert find("firefox", both.machine) == esr


@pytest.mark.parametrize(
    ("tool", "program"), [("webkit", "WebKitWebDriver"), ("xvfb", "Xvfb")], ids=["webkit", "xvfb"]
)
def test_it_wants_webkit_and_its_screen_only_on_linux(monkeypatch, tool, program):
    monkeypatch.setattr(sys, "platform", "linux")
    assert find(tool, Made().machine) is None
    assert find(tool, Made(f"/made/bin/{program}").machine) == f"/made/bin/{program}"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "not needed" in (find(tool, Made().machine) or "")


def test_it_takes_the_newest_postgresql_that_is_not_on_the_path():
    programs, answers = [], {}
    for version in ("9.6", "14", "17"):
        found, answer = postgresql(f"/usr/lib/postgresql/{version}/bin", version)
        programs += found
        answers |= answer
    made = Made(*programs, answers=answers)
    assert find("postgresql", made.machine) == "/usr/lib/postgresql/17/bin"


def test_it_finds_the_postgresql_on_the_path():
    programs, answers = postgresql("/made/bin", "15.18")
    assert find("postgresql", Made(*programs, answers=answers).machine) == "/made/bin"


def test_it_refuses_a_postgresql_too_old_for_django():
    programs, answers = postgresql("/usr/lib/postgresql/13/bin", "13.4")
    assert find("postgresql", Made(*programs, answers=answers).machine) is None


def test_it_refuses_a_postgresql_without_its_server():
    assert find("postgresql", Made("/made/bin/initdb").machine) is None


def test_it_needs_no_postgresql_where_a_server_is_named():
    made = Made(environ={"TEST_DATABASE_URL": "postgresql://somewhere/db"})
    place = find("postgresql", made.machine)
    assert place is not None
    assert "somewhere" not in place  # the address holds a password


def test_it_wants_all_three_programs_of_gettext():
    programs = [f"/made/bin/{name}" for name in ("msgfmt", "xgettext", "msgmerge")]
    assert find("gettext", Made(*programs).machine) == "/made/bin/msgfmt"
    assert find("gettext", Made(*programs[:2]).machine) is None


def test_it_finds_a_font_with_fontconfig_and_without():
    listed = Made(answers={"fc-list :lang=fr file": "/fonts/B.ttf: \n/fonts/A.ttf: \n"})
    assert find("fonts", listed.machine) == "/fonts/A.ttf"
    lying = Made("/System/Library/Fonts/Supplemental/Arial.ttf")
    assert find("fonts", lying.machine) == "/System/Library/Fonts/Supplemental/Arial.ttf"
    assert find("fonts", Made().machine) is None


def test_it_finds_out_whether_the_driver_of_the_browser_starts():
    asked = shlex.join([sys.executable, "-m", "playwright", "--version"])
    assert find("playwright", Made(answers={asked: "Version 1.65\n"}).machine) == "Version 1.65"
    assert find("playwright", Made().machine) is None


def test_it_finds_out_that_venv_is_in_two_halves():
    assert find("venv", Made(modules=["ensurepip"]).machine) == sys.executable
    assert find("venv", Made().machine) is None


# --- Installing --------------------------------------------------------------------------------


def test_it_installs_with_apt_after_one_update():
    made = Made("/made/bin/apt-get", root=True)
    assert [
        shlex.join(command) for command in install_commands(["zbar", "fonts"], made.machine)
    ] == [
        "apt-get update",
        "apt-get install -y --no-install-recommends zbar-tools fonts-noto-core",
    ]


def test_it_installs_with_brew_and_playwright_where_there_is_no_apt():
    made = Made("/made/bin/brew", modules=["playwright"])
    commands = install_commands(["chromium", "zbar", "postgresql"], made.machine)
    assert [shlex.join(command) for command in commands] == [
        "brew install zbar postgresql@17",
        shlex.join([sys.executable, "-m", "playwright", "install", "chromium"]),
    ]


def test_it_installs_only_what_is_missing(capsys):
    made = Made(
        "/made/bin/apt-get",
        "/made/bin/zbarimg",
        root=True,
        after=["/made/bin/msgfmt", "/made/bin/xgettext", "/made/bin/msgmerge"],
    )
    assert provide(["zbar", "gettext"], made.machine)
    assert made.ran == [
        "apt-get update",
        "apt-get install -y --no-install-recommends gettext",
    ]
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "zbar: /made/bin/zbarimg",
        "gettext: /made/bin/msgfmt",
    ]


def test_it_installs_nothing_when_all_is_there(capsys):
    made = Made("/made/bin/apt-get", "/made/bin/zbarimg", root=True)
    assert provide(["zbar"], made.machine)
    assert made.ran == []
    assert capsys.readouterr().out == "zbar: /made/bin/zbarimg\n"


def test_it_uses_sudo_that_asks_nothing():
    made = Made("/made/bin/apt-get", answers=SUDO_ASKS_NOTHING, after=["/made/bin/zbarimg"])
    assert provide(["zbar"], made.machine)
    assert made.ran[-1] == "sudo apt-get install -y --no-install-recommends zbar-tools"


def test_it_prints_the_command_where_sudo_would_ask(capsys):
    made = Made("/made/bin/apt-get")
    assert not provide(["zbar"], made.machine)
    assert made.ran == []
    said = capsys.readouterr().out
    assert "zbar" in said
    assert "    sudo apt-get install -y --no-install-recommends zbar-tools\n" in said


def test_it_names_what_is_missing_where_nothing_can_install(capsys):
    assert not provide(["zbar"], Made().machine)
    assert "zbar" in capsys.readouterr().out


def test_it_says_when_an_installation_fails(capsys):
    made = Made("/made/bin/apt-get", root=True)
    made.works = False
    assert not provide(["zbar"], made.machine)
    assert "apt-get install -y --no-install-recommends zbar-tools" in capsys.readouterr().out


def test_it_goes_on_when_only_the_update_fails():
    made = Made("/made/bin/apt-get", root=True, after=["/made/bin/zbarimg"])
    machine = dataclasses.replace(
        made.machine, run=lambda command: made.run(command) and "update" not in command
    )
    assert provide(["zbar"], machine)


def test_it_says_when_what_was_installed_is_not_there(capsys):
    made = Made("/made/bin/apt-get", root=True)
    assert not provide(["chromium"], made.machine)
    assert "playwright install chromium" in capsys.readouterr().out


@pytest.mark.parametrize("names", [[], ["zbar", "emacs"]])
def test_it_explains_itself_when_called_wrongly(names, capsys):
    assert main(names) == 2
    assert "usage" in capsys.readouterr().out
