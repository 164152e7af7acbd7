"""Every network, counted once for all tests."""

import pytest

from clearsight import models


@pytest.fixture(scope="session")
def every_row() -> list[models.Row]:
    return models.rows()
