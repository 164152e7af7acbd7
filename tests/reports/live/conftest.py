"""One browser for all pages; a page's numbers, cell by cell."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser import opened


@pytest.fixture(scope="session")
def window(chromium) -> Any:
    return chromium.new_page()


@pytest.fixture
def show(window, tmp_path) -> Callable[..., Any]:
    """`show(page)` is the window with the page, to be used in a `with`."""
    return lambda page, **size: opened(window, page, tmp_path, **size)
