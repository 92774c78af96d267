"""The drawing of a workflow: a whole picture, in which a configuration's texts are only texts."""

from xml.etree import ElementTree

import pytest

from gateway.workflows.book import SHIPPED
from gateway.workflows.captions import Box, Captions
from gateway.workflows.definition import read_workflow
from gateway.workflows.drawing import draw

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(picture).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_state_and_every_edge_is_drawn(name: str) -> None:
    workflow = SHIPPED[name]
    shown = texts(draw(workflow))
    assert set(workflow.states) <= set(shown)
    edges = sum(len(edge.starts) for edge in workflow.edges)
    assert draw(workflow).count("marker-end") == edges
    for edge in workflow.edges:
        assert f"{edge.label} ({', '.join(edge.roles)})" in shown


def test_each_status_has_a_column_and_no_two_states_lie_upon_each_other() -> None:
    picture = ElementTree.fromstring(draw(SHIPPED["change"]))
    boxes = [one for one in picture.iter(f"{SVG}rect") if "state" in one.attrib["class"]]
    assert len({(one.attrib["x"], one.attrib["y"]) for one in boxes}) == len(boxes) == 7
    lanes = [one for one in picture.iter(f"{SVG}rect") if one.attrib["class"] == "lane"]
    assert len(lanes) == 6


@pytest.mark.parametrize("name", SHIPPED)
def test_no_word_lies_upon_a_state_or_upon_another_word(name: str) -> None:
    picture = ElementTree.fromstring(draw(SHIPPED[name]))
    taken: list[Box] = []
    for one in picture.iter(f"{SVG}rect"):
        if "state" in one.attrib["class"]:
            x, y, width, height = (float(one.attrib[key]) for key in ("x", "y", "width", "height"))
            taken.append(Box(x, y, x + width, y + height))
    for one in picture.iter(f"{SVG}text"):
        if one.attrib["class"] == "label":
            x, y, half = float(one.attrib["x"]), float(one.attrib["y"]), len(one.text or "") * 2.7
            box = Box(x - half, y - 8, x + half, y + 2)
            assert [other for other in taken if box.hits(other)] == [], one.text
            taken.append(box)


def test_where_nothing_is_free_a_word_stands_on_the_middle_of_its_curve() -> None:
    curve = [(0.0, 0.0), (30.0, 0.0), (70.0, 0.0), (100.0, 0.0)]
    everywhere = Captions([Box(-1_000, -1_000, 1_000, 1_000)])
    assert everywhere.place(curve, "Start") == (50.0, -3.0)


def test_texts_of_a_configuration_are_escaped() -> None:
    hostile = '</text><script>alert("x")</script>&'
    workflow = read_workflow(
        {
            "name": "hostile",
            "display_name": hostile,
            "transitions": [{"from": "open", "to": "closed", "label": hostile}],
        }
    )
    picture = draw(workflow)
    assert "<script" not in picture
    assert hostile in texts(picture)
    assert f"{hostile} (assignee)" in texts(picture)
