"""What the pages for people name is there: settings, commands and their options, targets of make, files, links."""

import ast
import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SYSTEM = sorted((ROOT / "docs" / "system").iterdir())
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text() for path in [*PAGES, *SYSTEM]}
RUNNING, MAP = TEXTS["docs/running.md"], TEXTS["CONTRIBUTING.md"]
OURS = {"ordering", "pos_bridge"}
# What is in every Django project. Of the folders that are not here, the map says what they are as a whole.
WITHOUT_A_WORD = {"__init__.py", "apps.py", "urls.py"}
MAPPED = ("", "models", "services", "diner", "board", "admin", "registers")


def settings_read():
    """Each name that settings.py asks the environment for, with its default where that is a number."""
    found = {}
    for node in ast.walk(ast.parse((ROOT / "ordering" / "settings.py").read_text())):
        if not isinstance(node, ast.Call):
            continue
        asked = ast.unparse(node.func)
        if not asked.startswith("env_") and asked != "os.environ.get":
            continue
        name, *rest = [*node.args, *(keyword.value for keyword in node.keywords)]
        default = rest[0].value if rest and isinstance(rest[0], ast.Constant) else None
        found[ast.literal_eval(name)] = None if isinstance(default, str) else default
    return found


def settings_told():
    """The names of the table in docs/running.md, each with its last column."""
    table = RUNNING.partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[A-Z].*?) \|.*\| (.*?) \|$", table, re.MULTILINE)
    return [(name, last) for names, last in rows for name in re.findall(r"`(\w+)`", names)]


def commands(text):
    """Each `manage.py NAME` or `tablee NAME` of a text, with the options behind it."""
    lines = re.findall(
        r"(?:manage\.py|(?:^    |`|&& |/bin/)tablee) ([a-z]\w+)([^`\n]*)", text, re.MULTILINE
    )
    return [(name, re.findall(r"--[a-z][\w-]+", rest)) for name, rest in lines]


def anchors(text):
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_it_tells_each_setting_once_with_its_default():
    read, told = settings_read(), settings_told()
    assert len(read) > 15
    assert sorted(name for name, _ in told) == sorted(read)
    for name, last in told:
        if read[name]:
            assert f"{read[name]:g}" in last, (
                f"{name}: {read[name]} when left out, says settings.py"
            )


def test_it_tells_which_settings_can_stand_in_a_file():
    code = (ROOT / "ordering" / "settings.py").read_text()
    sentence = next(line for line in RUNNING.splitlines() if "read from a file" in line)
    assert set(re.findall(r"`([A-Z_]+)`", sentence)) == set(
        re.findall(r'env_secret\("(\w+)"', code)
    )


@pytest.mark.parametrize("page", TEXTS)
def test_it_names_commands_and_options_that_are_there(page):
    known = get_commands()
    for name, options in commands(TEXTS[page]):
        assert name in known, f"manage.py {name}"
        parser = load_command_class(known[name], name).create_parser("manage.py", name)
        assert set(options) <= set(parser._option_string_actions), f"manage.py {name}: {options}"


def test_it_names_every_command_of_ours():
    ours = {name for name, app in get_commands().items() if app in OURS}
    named = {name for text in TEXTS.values() for name, _ in commands(text)}
    assert len(ours) > 10
    assert ours - named - {"demo"} == set(), "say on a page what it is for"  # demo is make's


@pytest.mark.parametrize("page", TEXTS)
def test_it_names_targets_of_make_that_are_there(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^    |`|&& )make ([a-z-]+)", TEXTS[page], re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("page", TEXTS)
def test_its_links_lead_somewhere(page):
    folder = (ROOT / page).parent
    links = re.findall(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"", TEXTS[page])
    for link in filter(None, (part for pair in links for part in pair)):
        if ":" in link:  # another host's
            continue
        file, _, anchor = link.partition("#")
        target = folder / file if file else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link


@pytest.mark.parametrize("page", TEXTS)
def test_the_files_that_it_names_are_there(page):
    for name in re.findall(
        r"`((?:ordering|pos_bridge|tests|docs|templates|static)/[\w./@-]+)`", TEXTS[page]
    ):
        assert (ROOT / name).exists(), name


def test_each_file_for_the_system_is_on_a_page():
    pages = "".join(text for page, text in TEXTS.items() if page.endswith(".md"))
    for path in SYSTEM:
        assert path.name in pages or path.name.startswith("tablee-"), path.name


def test_the_map_names_each_file_and_no_other():
    """CONTRIBUTING: a new file gets a word there, in the section of its folder."""
    text = MAP.partition("\n## The map\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"[\w-]+\.(?:py|js|css)\b", text))
    files = {
        path.name for folder in (*OURS, "static", "tests") for path in (ROOT / folder).rglob("*.*")
    }
    assert named <= files, "gone"
    mapped = {
        path.name
        for app in OURS
        for folder in MAPPED
        for path in (ROOT / app / folder).glob("*.py")
    }
    assert mapped - WITHOUT_A_WORD - named == set(), "give it a word in the map of CONTRIBUTING.md"
