"""A server with a filled home per module."""

from collections.abc import Iterator

import pytest

from tests.support.api import ApiServer, serve_api


@pytest.fixture(scope="module")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with serve_api(tmp_path_factory.mktemp("api_server")) as opened:
        yield opened
