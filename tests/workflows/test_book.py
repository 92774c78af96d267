"""What the workflows of a tenant say of its tickets."""

from datetime import timedelta

from gateway.workflows.book import SHIPPED, Workflows
from gateway.workflows.workflow import Workflow


def test_where_tickets_are_never_closed_a_workflow_may_still_close_its_own() -> None:
    own = Workflow(name="own", states={}, edges=(), close_after=timedelta(hours=1))
    book = Workflows(named={**SHIPPED, "own": own}, close_after=None)
    assert book.closing_of("default") is None
    assert book.closing_of("unknown") is None
    assert book.closing_of("own") == timedelta(hours=1)
