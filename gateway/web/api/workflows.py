"""`/api/v1/workflows`: what is declared, as data and as a drawing."""

from collections.abc import Callable

from gateway.access.permission import Permission
from gateway.errors import NotFound
from gateway.web.http.answers import Answer, json_answer, text_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.openapi.parameters import WORKFLOW
from gateway.web.views.page import Page
from gateway.web.views.workflow import ShownWorkflow, show_workflow
from gateway.workflows.book import Workflows
from gateway.workflows.drawing import draw
from gateway.workflows.workflow import Workflow

MEDIA = "image/svg+xml"


class WorkflowHandlers:
    """Reads only."""

    def __init__(self, workflows: Callable[[int], Workflows]) -> None:
        self._workflows = workflows

    async def list(self, call: WebCall[Nothing]) -> Answer[Page[ShownWorkflow]]:
        """All of them, withdrawn ones too, in the order in which they are declared. One page."""
        named = self._workflows(call.tenant).named
        return json_answer(Page(items=[show_workflow(one) for one in named.values()], next=None))

    async def one(self, call: WebCall[Nothing]) -> Answer[ShownWorkflow]:
        """The present version, or the last one of a workflow that is withdrawn."""
        return json_answer(show_workflow(self._named(call)))

    async def drawing(self, call: WebCall[Nothing]) -> Answer[str]:
        """The statuses are the columns; dashed edges are the system's."""
        answer = text_answer(draw(self._named(call)).encode(), MEDIA)
        answer.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        )
        return answer

    def _named(self, call: WebCall[Nothing]) -> Workflow:
        name = call.part("name")
        workflow = self._workflows(call.tenant).of(name)
        if workflow is None:
            raise NotFound(f"no workflow {name}")
        return workflow


ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/workflows", Permission.DECLARATIONS_READ, Nothing, Page[ShownWorkflow],
        WorkflowHandlers.list, "listWorkflows", ("workflows",), {200: "All of them"},
    ),
    Endpoint(
        "GET", "/api/v1/workflows/{name}.svg", Permission.DECLARATIONS_READ, Nothing, str,
        WorkflowHandlers.drawing, "drawWorkflow", ("workflows",), {200: "A drawing"},
        asks=(WORKFLOW,), media=MEDIA,
    ),
    Endpoint(
        "GET", "/api/v1/workflows/{name}", Permission.DECLARATIONS_READ, Nothing, ShownWorkflow,
        WorkflowHandlers.one, "getWorkflow", ("workflows",), {200: "The workflow"},
        asks=(WORKFLOW,),
    ),
)  # fmt: skip
