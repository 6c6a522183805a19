"""The shared cache holds JSON: what was written into its table by another hand runs nothing."""

import base64
import pickle
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from sora_portal.shared_cache import Values

pytestmark = pytest.mark.django_db


class Payload:
    """What runs when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("value", [[1.5, 2.0], True, 7, "x", None, {"a": [1]}])
def test_what_is_cached_comes_back(value: object) -> None:
    cache.set("a", value, 60)
    assert cache.get("a", "nothing") == value


def test_a_row_of_the_table_is_never_unpickled(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    cache.set("a", 1, 60)
    forged = base64.b64encode(pickle.dumps(Payload(mark))).decode()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE portal_cache SET value = %s", [forged])
    with pytest.raises(ValueError, match=r".*"):
        cache.get("a")
    with pytest.raises(ValueError, match=r".*"):
        Values().loads(pickle.dumps(Payload(mark)))
    assert not mark.exists()
