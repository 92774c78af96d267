"""What a configuration declares: every mistake has its line, and what is not said has a default."""

import pytest

from gateway.config import Config
from gateway.declarations.declaration import DeclarationKind, Named
from gateway.declarations.kinds import read
from tests.config.writer import Writer

CALENDAR = """
[[calendars]]
name = "berlin"
time_zone = "Europe/Berlin"
week = {mon-fri = ["08:00-12:00", "13:00-17:00"]}
day = "8h"
"""
MISTAKES = [
    ('[[calendars]]\nname = "b"\ntime_zone = "Berlin"\nweek = {mon = ["08:00-17:00"]}', 3, "zone"),
    ('[[calendars]]\nname = "b"\ntime_zone = "UTC"\nweek = {}', 4, "no open hour"),
    ('[[calendars]]\nname = "b"\ntime_zone = "UTC"\nweek = {mon-fri = []}', 4, "no open hour"),
    ('[[calendars]]\nname = "b"\ntime_zone = "UTC"\nweek = {day = ["08:00-17:00"]}', 4, "no day"),
    ('[[calendars]]\nname = "b"\ntime_zone = "UTC"\nweek = {mon = ["8-17"]}', 4, "no hours"),
    (
        '[[calendars]]\nname = "b"\ntime_zone = "UTC"\n'
        'week = {mon-fri = ["08:00-17:00"], wed = ["08:00-12:00"]}',
        4,
        "wed is named twice",
    ),
    (
        '[[calendars]]\nname = "b"\ntime_zone = "UTC"\nweek = {mon = ["08:00-12:00"]}\n'
        'holidays = {country = "XX"}',
        5,
        "no holidays are known of XX",
    ),
    (
        '[[calendars]]\nname = "b"\ntime_zone = "UTC"\nweek = {mon = ["08:00-12:00"]}\n'
        'holidays = {extra = ["24.12."]}',
        5,
        "is no date",
    ),
    ('[[calendars]]\nname = "b"\nweek = {mon = ["08:00-17:00"]}', 1, "is required"),
    ('[[sla]]\nname = "gold"\ncalendar = "paris"', 3, "no calendar is named 'paris'"),
    ('[[sla]]\nname = "gold"\ntargets = {urgent = {}}', 3, "is no priority"),
    ('[[sla]]\nname = "gold"\ntargets = {P0 = {}, critical = {}}', 3, "twice"),
    ('[[sla]]\nname = "gold"\ntargets = {low = {response = "1w"}}', 3, "is no duration to promise"),
    ('[[approvals]]\nname = "cab"\nseats = []', 3, "nobody would be asked"),
    ('[[approvals]]\nname = "cab"\nseats = ["anna"]', 3, "is no seat"),
    ('[[approvals]]\nname = "cab"\nseats = ["user:anna"]\nneed = 2', 4, "more than its 1 seats"),
    ('[[approvals]]\nname = "cab"\nseats = ["each:group:x"]', 3, "is no seat"),
    (
        '[[approvals]]\nname = "cab"\nseats = ["user:a"]\non_timeout = "approve"',
        4,
        'must be "remind"',
    ),
    ('[[projects]]\nkey = "ops"', 2, "is no key"),
    ('[[projects]]\nkey = "OPS"\nsla = "gold"', 3, "no policy is named 'gold'"),
    ('[[projects]]\nkey = "OPS"\nfields = ["cost"]', 3, "no field is named 'cost'"),
    ('[[projects]]\nkey = "OPS"\nvisibility = "all"', 3, 'must be "tenant" or "members"'),
    ('[[projects]]\nkey = "OPS"\n[[projects]]\nkey = "OPS"', 3, "is declared twice"),
    ('[[catalog]]\nname = "laptop"\nproject = "OPS"', 3, "no project is named 'OPS'"),
    ('[[catalog]]\nname = "laptop"\napproval = "boss"', 3, "no approval is named 'boss'"),
    ('[[catalog]]\nname = "laptop"\nworkflow = "magic"', 3, "no workflow is named 'magic'"),
    ('[[fields]]\ntype = "text"', 1, "is required"),
    ('[[fields]]\nname = "a b"\ntype = "text"', 2, "a name is"),
    ('[[workflows]]\nname = "w"\ncolour = 1', 3, "unknown key"),
    (
        '[[workflows]]\nname = "w"\nstart = "open"\ntransitions = [\n'
        '{from = "open", to = "closed", role = "any", require = ["custom.cost"]}]',
        5,
        "there is no field 'cost'",
    ),
    (
        '[[workflows]]\nname = "default"\n'
        'transitions = [{from = "open", to = "closed", role = "any"}]',
        2,
        "is built in",
    ),
    ('[priority_matrix]\n"high/high" = "critical"', 2, "is no cell"),
    ('[priority_matrix]\n"high/high/low" = "urgent"', 2, "must be one of"),
    ('[tenants.acme.priority_matrix]\n"high/high/low" = "urgent"', 2, "must be one of"),
    ("[tenants.acme]\ncolour = 1", 2, "unknown key"),
    ("[config]\nrevision = -1", 2, "must be a whole number"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "says"), MISTAKES)
def test_each_mistake_is_told_with_its_line(
    written: Writer, text: str, line: int, says: str
) -> None:
    [problem] = written.problems(text)
    assert (problem.line, says in problem.message) == (line, True), str(problem)


def test_all_mistakes_are_told_at_once(written: Writer) -> None:
    whole = [(text, says) for text, _, says in MISTAKES if text.startswith("[[")]
    told = " ".join(map(str, written.problems("\n".join(text for text, _ in whole))))
    # A name that several of the examples share is there, and so is what refers to it.
    missing = [says for _, says in whole if says not in told]
    assert missing == ["no policy is named 'gold'", "no project is named 'OPS'"]


def test_a_policy_that_counts_in_days_needs_a_calendar_that_says_how_long_one_is(
    written: Writer,
) -> None:
    policy = '[[sla]]\nname = "gold"\ncalendar = "berlin"\ntargets = {low = {response = "1d"}}\n'
    assert policies(written.load(CALENDAR + policy))["gold"].hours.day == "8h"
    [problem] = written.problems(policy + CALENDAR.replace('day = "8h"', ""))
    assert (problem.key, "how long one is" in problem.message) == ("sla[0].targets", True)


def test_what_is_shipped_can_be_named_without_being_declared(written: Writer) -> None:
    written.load('[[projects]]\nkey = "OPS"\nsla = "default"\nfields = ["risk"]')
    written.load('[[catalog]]\nname = "laptop"\napproval = "cab"')


def test_a_policy_has_its_calendar_inside(written: Writer) -> None:
    config = written.load(CALENDAR + '[[sla]]\nname = "gold"\ncalendar = "berlin"')
    gold = policies(config)["gold"]
    assert gold.hours.time_zone == "Europe/Berlin"
    assert gold.hours.dates == (), "worked out when it is declared"


def test_priorities_are_kept_by_their_own_names(written: Writer) -> None:
    config = written.load('[[sla]]\nname = "gold"\ntargets = {P0 = {response = "5m"}, LOW = {}}')
    assert list(policies(config)["gold"].targets) == ["critical", "low"]


def test_a_name_of_one_tenant_outweighs_the_same_name_for_all(written: Writer) -> None:
    config = written.load(
        """
        [[sla]]
        name = "gold"
        targets = {low = {response = "2h"}}
        [[sla]]
        name = "gold"
        targets = {low = {response = "1h"}}
        tenants = ["acme", "umbrella"]
        """
    )
    assert policies(config, "acme")["gold"].targets["low"].response == "1h"
    assert policies(config, "other")["gold"].targets["low"].response == "2h"


def test_a_name_may_be_declared_once_for_a_tenant(written: Writer) -> None:
    one = '[[fields]]\nname = "cost"\ntype = "text"\ntenants = ["acme"]\n'
    other = one.replace("acme", "umbrella")
    assert len(written.load(one + other).declared.entries) == 2
    [problem] = written.problems(one + one)
    assert "'cost' is declared twice of tenant 'acme'" in problem.message


def test_what_one_tenant_lacks_is_a_mistake_of_what_is_for_all(written: Writer) -> None:
    calendar = CALENDAR + 'tenants = ["acme"]\n'
    policy = '[[sla]]\nname = "gold"\ncalendar = "berlin"\n'
    written.load(calendar + policy + 'tenants = ["acme"]')
    [problem] = written.problems(calendar + policy)
    assert problem.key == "sla[0].calendar"


def test_a_matrix_of_one_tenant_is_not_the_others(written: Writer) -> None:
    config = written.load(
        """
        [priority_matrix]
        "low/low/low" = "medium"
        [tenants.acme.priority_matrix]
        "low/low/low" = "high"
        """
    )
    matrices = {
        tenant: of(config, tenant, DeclarationKind.PRIORITY_MATRIX) for tenant in ("acme", "")
    }
    assert matrices["acme"]["default"] != matrices[""]["default"]


def test_what_names_something_that_is_itself_wrong_is_not_wrong_for_that(written: Writer) -> None:
    broken = CALENDAR.replace("Europe/Berlin", "Berlin")
    [problem] = written.problems(broken + '[[sla]]\nname = "gold"\ncalendar = "berlin"')
    assert problem.key == "calendars[0].time_zone"


def of(config: Config, tenant: str, kind: DeclarationKind) -> dict:
    found = {one.named: one for one in config.declared.of(tenant)}
    return {
        named.name: read(kind, one.written)
        for named, one in found.items()
        if isinstance(named, Named) and named.kind is kind
    }


def policies(config: Config, tenant: str = "") -> dict:
    return of(config, tenant, DeclarationKind.POLICY)


ISLAND = """
[[workflows]]
name = "w"
states = [{name = "asked", status = "open"}]
transitions = [
  {from = "asked", to = "open", role = "any"},
  {from = "open", to = "closed", role = "any"},
]
"""


def test_a_state_at_which_a_catalog_item_begins_is_reached(written: Writer) -> None:
    [problem] = written.problems(ISLAND)
    assert "no way leads from the start to asked" in problem.message
    item = '[[catalog]]\nname = "laptop"\nworkflow = "w"\nstart = "asked"\n'
    assert written.load(ISLAND + item).declared.of("")


def test_all_that_is_wrong_with_the_states_of_a_workflow_is_told_at_once(written: Writer) -> None:
    dead = """
[[workflows]]
name = "w"
states = [{name = "left", status = "open"}, {name = "asked", status = "pending", approval = "cab"}]
transitions = [{from = "open", to = "asked", role = "any"}, {from = "left", to = "closed"}]
"""
    [problem] = written.problems(dead)
    assert problem.key == "workflows[0].states"
    for sentence in (
        "no way leads from the start to left",
        "nobody can take a step out of asked",
        'asked has no edge with on = "approved" out of it',
    ):
        assert sentence in problem.message
