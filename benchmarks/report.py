"""What a benchmark says: printed as it is measured; with `--save`, kept in README.md beside it.

A question's section in README.md holds two marks; what stands between them is the last run's.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.chart import Chart
from benchmarks.subject import machine

HERE = Path(__file__).parent
Cell = str | float


class Report:
    """Lines and tables of one question, in the order in which they were said."""

    def __init__(self, question: str) -> None:
        self.question = question
        self._lines: list[str] = []
        self._widths: list[int] = []
        self._charts: list[tuple[str, Chart]] = []
        self.say(f"*{machine()}*")

    def say(self, line: str = "") -> None:
        """A line of its own."""
        self._put("", line, "")

    def columns(self, *names: str) -> None:
        """Begins a table."""
        self._widths = [max(len(name), 9) for name in names]
        self._put("")
        self._put(self._joined(names), self._joined(["---"] * len(names)))

    def row(self, *cells: Cell) -> None:
        """Of the table begun last. Numbers are written with three digits that matter."""
        self._put(self._joined([cell if isinstance(cell, str) else figure(cell) for cell in cells]))

    def chart(self, chart: Chart, name: str = "") -> None:
        """Drawn when the report is saved."""
        self._charts.append((f"{self.question}{name and '-'}{name}.svg", chart))

    def save(self) -> None:
        """Replace what the README says of this question, and its charts."""
        for name, chart in self._charts:
            (HERE / "charts" / name).write_text(chart.svg(), "utf-8")
            self._lines += ["", f"![{chart.title}](charts/{name})"]
        readme = HERE / "README.md"
        text = readme.read_text("utf-8")
        begin, end = f"<!-- {self.question} -->\n", f"<!-- end of {self.question} -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise SystemExit(f"{readme} has no marks for {self.question}")
        body = "\n".join(self._lines).strip()
        readme.write_text(f"{before}{begin}\n{body}\n\n{end}{after}", "utf-8")

    def _put(self, *lines: str) -> None:
        self._lines.extend(lines)
        for line in lines:
            print(line, flush=True)

    def _joined(self, cells: Sequence[str]) -> str:
        padded = [cell.rjust(width) for cell, width in zip(cells, self._widths, strict=True)]
        return f"| {' | '.join(padded)} |"


def figure(number: float) -> str:
    """Three digits that matter, thousands apart."""
    if number == 0 or abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def spread(values: Sequence[float]) -> str:
    """The median, with the least and the greatest."""
    if len(values) == 1:
        return figure(values[0])
    return f"{figure(median(values))} ({figure(min(values))} to {figure(max(values))})"


def arguments(doc: str | None) -> argparse.ArgumentParser:
    """What every question can be asked with."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=8, help="of each measured round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--save", action="store_true", help="keep the result in README.md")
    return parser


@contextmanager
def reporting(question: str, chosen: argparse.Namespace) -> Iterator[Report]:
    """A report that is saved at the end, if that was asked for."""
    report = Report(question)
    yield report
    if chosen.save:
        report.save()
