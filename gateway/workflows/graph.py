"""A workflow's states and edges as a graph: what is reached from where, and how far it is."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from gateway.workflows.workflow import Workflow


class Graph:
    """Breadth-first from *starts*, by all edges; *within*: those states alone (None: all)."""

    def __init__(
        self, workflow: Workflow, starts: Collection[str], within: Collection[str] | None = None
    ) -> None:
        states = workflow.states if within is None else within
        self._workflow = workflow
        self._starts = [name for name in workflow.states if name in starts and name in states]
        self._ways = [
            (start, edge.to)
            for edge in workflow.edges
            for start in edge.starts
            if start in states and edge.to in states
        ]

    @cached_property
    def depth(self) -> Mapping[str, int]:
        """Of the states that are reached: how many edges they are away from a start."""
        return _walk(self._starts, self._ways)

    @property
    def reachable(self) -> Collection[str]:
        """From a start."""
        return self.depth.keys()

    @cached_property
    def ending(self) -> Collection[str]:
        """States from which an ended one is reached. What is resolved is closed in time."""
        over = [one.name for one in self._workflow.states.values() if not one.live]
        return _walk(over, [(to, start) for start, to in self._ways]).keys()


def _walk(starts: Iterable[str], ways: Collection[tuple[str, str]]) -> dict[str, int]:
    depth = dict.fromkeys(starts, 0)
    left = deque(depth)
    while left:
        here = left.popleft()
        for start, to in ways:
            if start == here and to not in depth:
                depth[to] = depth[here] + 1
                left.append(to)
    return depth
