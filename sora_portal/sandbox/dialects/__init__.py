"""One file per vendor: the only places where its paths, field names and words appear."""

from sora_portal.sandbox.dialects.apixo import Apixo
from sora_portal.sandbox.dialects.base import Dialect
from sora_portal.sandbox.dialects.ruxa import Ruxa
from sora_portal.sandbox.dialects.sora2api import Sora2Api

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (Ruxa(), Apixo(), Sora2Api())}
