"""Benchmarks are run by hand: their charts, their tables and their places in the README are not."""

import re
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.__main__ import QUESTIONS
from benchmarks.chart import Bars, Chart, Lines
from benchmarks.load import Answers
from benchmarks.report import figure, spread

README = Path(__file__).parent.parent / "benchmarks" / "README.md"


def test_every_question_has_its_place_and_a_saved_answer_in_the_readme() -> None:
    text = README.read_text("utf-8")
    for question in QUESTIONS:
        found = re.search(f"<!-- {question} -->(.*)<!-- end of {question} -->", text, re.DOTALL)
        assert found is not None, question
        assert "| ---" in re.sub(r" +---", " ---", found[1]), f"{question} was never saved"


def test_every_chart_that_the_readme_shows_is_there() -> None:
    for path in re.findall(r"!\[[^]]*\]\((charts/[^)]+)\)", README.read_text("utf-8")):
        assert (README.parent / path).is_file(), path


def test_charts_are_well_formed_whatever_they_are_called() -> None:
    charts: list[Chart] = [
        Bars("<b> & co", [("a < b", 0.0, "one"), ("b", 1_234_567.0, "two")]),
        Lines("one & two", "x", {"<s>": [(1, 0.0), (1_000_000, 2.5)], "t": [(1, 1)]}),
        Lines("a single point", "x", {"s": [(10, 0.0)]}),
    ]
    for chart in charts:
        root = ElementTree.fromstring(chart.svg())
        assert root.tag.endswith("svg")
        assert chart.title in [element.text for element in root]


def test_bars_are_to_scale() -> None:
    root = ElementTree.fromstring(Bars("", [("a", 50.0, ""), ("b", 100.0, "")]).svg())
    bars = [e for e in root if e.tag.endswith("rect") and e.get("x")]
    short, long = (float(bar.get("width", 0)) for bar in bars)
    assert long == 2 * short


def test_figures_show_three_digits_that_matter() -> None:
    assert [figure(n) for n in (0, 0.123, 1.234, 12.34, 123.4, 12_345)] == [
        "0", "0.12", "1.23", "12.3", "123", "12,345",
    ]  # fmt: skip
    assert spread([3, 1, 2]) == "2.00 (1.00 to 3.00)"
    assert spread([5]) == "5.00"


def test_percentiles_are_of_the_answers_in_order() -> None:
    answers = Answers(latencies=[0.004, 0.001, 0.003, 0.002])
    assert (answers.percentile_ms(0.5), answers.percentile_ms(0.99)) == (3.0, 4.0)
