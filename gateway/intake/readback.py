"""A record read back from the journal: what its bytes hold, as they did before the answer."""

from contextlib import suppress

from gateway.errors import NotFound
from gateway.intake.batch.aside import rejected_whole
from gateway.intake.delivery.checker import Checked, Checker
from gateway.intake.delivery.letters import read_letter
from gateway.intake.delivery.source import MalformedPayload, Rejected
from gateway.intake.journal import Record
from gateway.logs import get_logger

_logger = get_logger(__name__)


def read_back(checker: Checker, record: Record) -> Checked:
    """What cannot be read any more is rejected whole, never lost."""
    with suppress(Exception):  # it may have come once: the second try decides
        return _read(checker, record)
    try:
        return _read(checker, record)
    except Exception as error:
        _logger.exception("a record cannot be read", source=record.source)
        return Checked(rejected=[rejected_whole(record, error)])


def _read(checker: Checker, record: Record) -> Checked:
    name, tenant, body, at = record.source, record.tenant, record.body, record.received_at
    if record.letter:
        return read_letter(checker, name, tenant, body, at) or Checked()
    try:
        return checker.check(checker.source(name), tenant, body, at)
    except (MalformedPayload, NotFound) as error:
        return Checked(rejected=[Rejected(0, str(error), error.code, body)])
