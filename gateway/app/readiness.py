"""Whether a load balancer had better send alerts here, and if not, why."""

from dataclasses import dataclass

from gateway.app.intake import Intake
from gateway.app.process import Parts

NEARLY_FULL = 0.95
"""Of the journal's bound: from here on alerts had better go elsewhere."""


@dataclass(slots=True)
class ProcessReadiness:
    """Of one process. *intake* is None in one that takes nothing in."""

    parts: Parts
    intake: Intake | None
    listening: bool = False
    """The process is up, and not on its way down."""

    def reasons(self) -> list[str]:
        """Why not; empty: it is ready."""
        reasons = [] if self.listening else ["draining"]
        if self.parts.checker.provisional and not self.parts.preparation.away:
            reasons.append(
                "the installation's seed is not known yet: PostgreSQL is being asked for it"
            )
        return reasons if self.intake is None else [*reasons, *self._reasons_of(self.intake)]

    def _reasons_of(self, intake: Intake) -> list[str]:
        reasons = []
        journal, most = intake.journal, self.parts.config.journal.max_bytes
        if journal.unapplied_bytes > NEARLY_FULL * most or not journal.writable:
            reasons.append("the journal cannot take more: its bound is reached or its disk fails")
        if intake.run.progress.stalled:
            reasons.append("the pipeline makes no progress: what is taken waits; the log says why")
        return reasons
