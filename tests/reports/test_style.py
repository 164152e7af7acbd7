"""One style for all figures: settings that are put back, colours that can be told apart, no matplotlib before something is drawn."""

import re
import subprocess
import sys

import matplotlib
import pytest

from clearsight.reports.style import DARK, LIGHT, PRINT, SERIES, THEMES, Style, styled


def luminance(colour):
    levels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in levels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", THEMES)
def test_text_has_the_contrast_of_wcag(theme):
    roles, paper = THEMES[theme], luminance(THEMES[theme]["paper"])
    for role in ("ink", "faint", "good", "bad", "accent", "second"):
        light, dark = sorted((luminance(roles[role]), paper), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, role
    for colour in SERIES[theme]:
        light, dark = sorted((luminance(colour), paper), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, colour


def test_colours_have_one_role_each():
    assert set(LIGHT) == set(DARK) and len(set(LIGHT.values())) == len(LIGHT)


def test_settings_of_the_caller_do_not_matter_and_are_left_as_they_were():
    @styled
    def draw(*, style=PRINT):
        return matplotlib.rcParams["font.size"], matplotlib.rcParams["lines.marker"]

    with matplotlib.rc_context({"font.size": 3, "lines.marker": "o"}):
        assert draw() == (PRINT.text, "None") and draw(style=Style("slide"))[0] == 24
        assert matplotlib.rcParams["font.size"] == 3 and matplotlib.rcParams["lines.marker"] == "o"


RUN = "sys.argv = ['clearsight', 'look', {}]\nfrom clearsight.cli import main\ntry: main()\nexcept SystemExit: pass"
SCRIPTS = {
    "style": "import clearsight.reports.style, clearsight.cli.look.common",
    "report": "import clearsight.reports.report, clearsight.reports.findings, clearsight.reports.ladder, clearsight.reports.of_run",
    "tables": "import clearsight.reports.console, clearsight.reports.check, clearsight.reports.predictions",
    "help": RUN.format("'unit', '--help'"),
    "json": RUN.format("'convolution', '--json'"),
}


def test_matplotlib_is_imported_only_where_something_is_drawn():
    # scikit-learn or SciPy may bring it along where it is installed
    script = "import sys, sklearn.datasets, torch\nbefore = set(sys.modules)\n"
    for name, words in SCRIPTS.items():  # one after the other in one process: what one has imported, the later ones have too
        script += f"{words}\nprint('loaded by {name}:', *(set(sys.modules) - before))\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = dict(re.findall(r"^loaded by (\w+): (.*)$", done.stdout, re.MULTILINE))
    assert list(loaded) == list(SCRIPTS) and all("clearsight" in words.split() for words in loaded.values())
    assert [name for name, words in loaded.items() if "matplotlib" in words.split()] == []
