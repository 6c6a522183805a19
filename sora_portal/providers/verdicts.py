"""The create-answer table: the only code that may decide whether a paid request can be sent again.

Two layers speak, the HTTP status and the code inside the body, and they may disagree. Then the more careful reading
wins, and whatever no row lists is AMBIGUOUS: a new vendor code may cost a person one decision, never a second payment.

Codes and failure words decide, sentences do not: they may quote what a member wrote. And no code that says "nothing was
made" is believed of an answer that names a task (`naming`).
"""

from __future__ import annotations

from sora_portal.providers import naming, taxonomy
from sora_portal.providers.base import Call, Created, ErrorKind, NoReply, Reply, Verdict
from sora_portal.providers.reading import Envelope, outline, retry_after

_ROWS = {
    301: Verdict.CONFIGURATION,
    307: Verdict.CONFIGURATION,
    308: Verdict.CONFIGURATION,
    400: Verdict.REFUSED,
    401: Verdict.VENDOR_TROUBLE,
    402: Verdict.VENDOR_TROUBLE,
    403: Verdict.VENDOR_TROUBLE,
    404: Verdict.CONFIGURATION,
    405: Verdict.CONFIGURATION,
    422: Verdict.REFUSED,
    429: Verdict.WAIT,
    455: Verdict.VENDOR_TROUBLE,
}
"""Of the redirects only those that leave the method as it is: a 302 or 303 may point to what was made."""
_BODY_ROWS = {**_ROWS, 200: Verdict.ACCEPTED, 505: Verdict.VENDOR_TROUBLE}
_OFF_CODES = {455, 505}
"""Body codes that say "switched off" so plainly that the same 5xx status around them changes nothing."""
_YES = {"0", "ok", "success", "succeeded", "true", "accepted", "created"}
"""What other platforms have in the place of 200. Here no page lists them, but they are no refusal either."""

_BY_WORD = {
    ErrorKind.CONTENT_POLICY: Verdict.REFUSED,
    ErrorKind.INVALID_REQUEST: Verdict.REFUSED,
    ErrorKind.NO_BALANCE: Verdict.VENDOR_TROUBLE,
    ErrorKind.MODEL_UNAVAILABLE: Verdict.VENDOR_TROUBLE,
}
_TROUBLES = {ErrorKind.NO_BALANCE, ErrorKind.MODEL_UNAVAILABLE}


def created(
    answer: Reply | NoReply, envelope: Envelope, task_id: str, fail_word: str = "", call: Call | None = None
) -> Created:
    """Judge the answer to a create call.

    `envelope` and `task_id` are what the adapter read from the answer ("" for no id), `fail_word` a failure code such
    as APIXO's "NSFW_DETECTED" when the body names one, `call` what was sent. Returns ACCEPTED only for 2xx, code 200
    and one id.
    """
    if isinstance(answer, NoReply):
        verdict = Verdict.AMBIGUOUS if answer.sent else Verdict.NOT_SENT
        return Created(verdict, kind=ErrorKind.TRANSIENT, message=answer.reason)
    named = naming.named(answer, call)
    verdict = Verdict.AMBIGUOUS if answer.truncated else _judge(answer.status, envelope, task_id, fail_word)
    if named.unsure or (named.found and verdict is not Verdict.ACCEPTED):
        verdict = Verdict.AMBIGUOUS
    if verdict is Verdict.ACCEPTED:
        return Created(verdict, task_id=task_id, code=envelope.word)
    return Created(
        verdict,
        kind=_kind(answer, envelope, fail_word),
        coded_kind=_coded_kind(answer, envelope, fail_word),
        message=outline(answer, envelope),
        code=fail_word or envelope.word or str(answer.status),
        retry_after=retry_after(answer.headers),
        named=named.ids if verdict is Verdict.AMBIGUOUS else (),
    )


def _judge(status: int, envelope: Envelope, task_id: str, fail_word: str) -> Verdict:
    off = envelope.code in _OFF_CODES and status in {200, envelope.code}
    verdict = _weigh(_http_row(status), _body_row(envelope), off)
    if verdict is Verdict.ACCEPTED:
        return verdict if task_id else Verdict.AMBIGUOUS
    word = taxonomy.kind_of_word(fail_word)
    if verdict is Verdict.REFUSED and word is ErrorKind.TIMED_OUT:
        # Whoever says that the making took too long had begun to make it.
        return Verdict.AMBIGUOUS
    if verdict in {Verdict.REFUSED, Verdict.CONFIGURATION} and word in _TROUBLES:
        return Verdict.VENDOR_TROUBLE
    # Either way nothing was made: a 403 is about the key or about the content, and APIXO's pages have both.
    policy = (word or taxonomy.kind_of_text(envelope.message)) is ErrorKind.CONTENT_POLICY
    if policy and verdict is Verdict.VENDOR_TROUBLE and 403 in {status, envelope.code}:
        return Verdict.REFUSED
    return verdict


def _http_row(status: int) -> Verdict:
    return Verdict.ACCEPTED if 200 <= status < 300 else _ROWS.get(status, Verdict.AMBIGUOUS)


def _body_row(envelope: Envelope) -> Verdict | None:
    """The verdict of the body's code; None when it has no code that says anything."""
    if envelope.code in _BODY_ROWS:
        return _BODY_ROWS[envelope.code]
    if envelope.code is not None and 500 <= envelope.code < 600:
        return Verdict.AMBIGUOUS
    if envelope.word.lower() in _YES or envelope.body.get("code") is True or envelope.body.get("success") is True:
        return Verdict.AMBIGUOUS
    kind = taxonomy.kind_of_word(envelope.word)
    return None if kind is None else _BY_WORD.get(kind)


def _weigh(http: Verdict, body: Verdict | None, off: bool) -> Verdict:
    """Put both layers together; `off` says that the body's code is one of `_OFF_CODES`."""
    if http is Verdict.ACCEPTED:
        return body or Verdict.AMBIGUOUS
    if body is None or off:
        return body or http
    if {Verdict.ACCEPTED, Verdict.AMBIGUOUS} & {http, body}:
        return Verdict.AMBIGUOUS
    return Verdict.WAIT if Verdict.WAIT in {http, body} else body


def _kind(answer: Reply, envelope: Envelope, fail_word: str) -> ErrorKind:
    """What a person is told; here a sentence may speak."""
    missing = 404 in {answer.status, envelope.code}
    if missing and (not envelope.formed or taxonomy.says_no_such_address(envelope.message)):
        return ErrorKind.MISCONFIGURED
    word = fail_word or envelope.word
    return taxonomy.classify(http=answer.status, code=envelope.code, word=word, text=envelope.message)


def _coded_kind(answer: Reply, envelope: Envelope, fail_word: str) -> ErrorKind:
    """The same without any sentence: it says what is paused."""
    if 404 in {answer.status, envelope.code} and not envelope.formed:
        return ErrorKind.MISCONFIGURED
    return taxonomy.classify(http=answer.status, code=envelope.code, word=fail_word or envelope.word)
