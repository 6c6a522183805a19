"""CSV that a spreadsheet opens as what it is: text and numbers, never a formula that somebody typed as a prompt."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from django.http import StreamingHttpResponse

# What makes Excel, LibreOffice or Google Sheets read a cell as a formula, in plain and in full width.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


CUT_SHORT = "INCOMPLETE: a fault ended this file here, and lines are missing. Download it again."


@dataclass(frozen=True)
class Credits:
    """An amount in milli-credits, written as a plain number: 1250500 -> 1250.5, never with a comma."""

    milli: int


@dataclass(frozen=True)
class Money:
    """An amount in millionths of some currency, not below zero, written as a plain number: 15000 -> 0.015."""

    micro: int


Cell = str | int | Credits | Money


def text_of(cell: Cell) -> str:
    """Return what stands in the file: numbers of ours as they are, a text that could be a formula behind a quote."""
    if isinstance(cell, Credits):
        whole, part = divmod(abs(cell.milli), 1000)
        digits = f"{whole}" + (f".{part:03d}".rstrip("0") if part else "")
        return f"-{digits}" if cell.milli < 0 else digits
    if isinstance(cell, Money):
        whole, part = divmod(cell.micro, 1_000_000)
        return f"{whole}" + (f".{part:06d}".rstrip("0") if part else "")
    if isinstance(cell, int):
        return str(cell)
    return f"'{cell}" if cell.lstrip(" \u00a0\ufeff").startswith(_FORMULA) or cell.startswith(_FORMULA) else cell


class _Echo:
    """Something to write to that gives back what was written."""

    def write(self, text: str) -> str:
        return text


def answer(name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> StreamingHttpResponse:
    """Return a download called `name` with these rows, written as they are read.

    The first row is read at once: what fails then is an error like any other. What fails later ends the file with a
    line that says so, and breaks the download off, so that no half of a file passes for the whole.
    """
    left = iter(rows)
    first = list(islice(left, 1))

    def lines() -> Iterator[str]:
        writer = csv.writer(_Echo())
        # The mark by which Excel knows UTF-8.
        yield "\ufeff" + str(writer.writerow(header))
        try:
            for row in chain(first, left):
                yield str(writer.writerow([text_of(cell) for cell in row]))
        except Exception:
            yield str(writer.writerow([CUT_SHORT]))
            raise

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
