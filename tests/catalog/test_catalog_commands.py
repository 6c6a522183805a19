"""manage.py catalog_load and catalog_check."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from sora_portal.catalog import actions, defaults
from sora_portal.catalog.models import Connection, VideoModel
from tests import factories
from tests.catalog.spec.specs import small

pytestmark = pytest.mark.django_db


def _run(command: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(command, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_load_adds_what_is_missing_and_says_so() -> None:
    assert _run("catalog_load")[0] == "18 rows added\n"
    assert VideoModel.objects.count() == 15
    assert _run("catalog_load")[0] == "nothing to do: every shipped row is there, and as it ships\n"


def test_check_is_content_with_the_shipped_rows(ruxa: Connection) -> None:
    assert _run("catalog_check") == ("15 models and 15 shipped ones, all well\n", "")


def _complaints() -> list[str]:
    err = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("catalog_check", stdout=StringIO(), stderr=err)
    assert caught.value.returncode == 1
    return [*err.getvalue().splitlines(), str(caught.value)]


def test_check_names_every_wrong_row_and_fails(ruxa: Connection) -> None:
    VideoModel.objects.filter(slug="ruxa-sora-2").update(spec=small(prices=[]))
    VideoModel.objects.filter(slug="sora2api-hd").update(spec=[])
    assert _complaints() == [
        "ruxa-sora-2: the last price rule must match everything",
        "sora2api-hd: the spec must be an object",
        "2 of 15 models and 15 shipped ones are wrong",
    ]


def test_check_names_what_the_spec_alone_does_not_show(ruxa: Connection) -> None:
    VideoModel.objects.filter(slug="apixo-veo-3-1").update(wire_id="")
    VideoModel.objects.filter(slug="ruxa-sora-2-hd").update(wire_id="sora-2-hd ")
    Connection.objects.filter(slug="sora2api").update(vendor="nobody")
    assert _complaints() == [
        "apixo-veo-3-1: the vendor's own name for the model (wire_id) is missing",
        "ruxa-sora-2-hd: there is space around the vendor's own name for the model (wire_id)",
        *(
            f"sora2api-{quality}: {trouble}"
            for quality in ("hd", "standard")
            for trouble in (
                "no adapter speaks to a vendor called nobody",
                "the vendor's own name for the model (wire_id) is missing",
            )
        ),
        "4 of 15 models and 15 shipped ones are wrong",
    ]


def test_check_reads_the_price_lists_too(ruxa: Connection) -> None:
    model = VideoModel.objects.get(slug="ruxa-sora-2")
    rules = [{"when": {"style": "comic"}, "credits": 3}, {"credits": 1}]
    now = timezone.now()
    actions.set_prices(by=factories.mo(), model=model, prices=rules, valid_from=now, note="", now=now)
    VideoModel.objects.filter(pk=model.pk).update(spec=small())
    said = _complaints()
    assert said[0].startswith("ruxa-sora-2: the prices from ")
    assert said[0].endswith("names a field that is not there")


def test_check_reads_the_shipped_file(ruxa: Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    document = defaults.shipped_document()
    document["models"][0]["spec"]["prices"] = []
    document["models"][1]["connection"] = "nowhere"
    (tmp_path / "shipped.json").write_text(json.dumps(document))
    monkeypatch.setattr(defaults, "SHIPPED", tmp_path / "shipped.json")
    assert _complaints()[:2] == [
        "ruxa-sora-2 as shipped: the last price rule must match everything",
        "ruxa-sora-2-hd as shipped: no connection is called nowhere",
    ]
