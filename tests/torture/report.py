"""What a run shows for itself, as plain text."""

from collections.abc import Sequence

from tests.torture.run import Outcome

SHARES = (0.5, 0.99, 0.999)


def percentile_ms(ordered: Sequence[float], share: float) -> float:
    """Of sorted seconds."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def table(outcome: Outcome) -> str:
    """Faults by kind, what was answered, and the verdict."""
    lines = [f"{'fault':<32} times"]
    lines += [f"{name:<32} {count:5}" for name, count in sorted(outcome.faults.items())]
    total = sum(outcome.faults.values())
    lines.append(f"{f'{len(outcome.faults)} kinds':<32} {total:5}")
    verdict, ordered, bounds = outcome.verdict, outcome.latencies, outcome.bounds
    answers = ", ".join(
        f"{'none' if status is None else 'not sent' if status == 0 else status}: {count:,}"
        for status, count in sorted(outcome.statuses.items(), key=lambda item: str(item[0]))
    )
    lines += [
        "",
        f"answers            {answers}",
        "during faults      "
        + ", ".join(f"p{100 * share:g} {percentile_ms(ordered, share):.1f} ms" for share in SHARES),
        f"alerts answered    {verdict.alerts:,}",
        f"drained            {outcome.drained_seconds:.1f} s after the last fault",
        f"lost               {verdict.lost}",
        f"doubled            {verdict.doubled}",
        f"not counted        {verdict.missing} (at most {bounds.missing})",
        f"counted twice      {verdict.surplus} (at most {bounds.surplus})",
        f"seed               {outcome.plan.seed}",
    ]
    lines += [f"VIOLATION          {one}" for one in verdict.violations]
    return "\n".join(lines)
