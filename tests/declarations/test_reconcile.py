"""Reconciling: the last configuration is what is declared; equal content is an equal version."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gateway.declarations.declaration import Declaration, DeclarationOrigin
from gateway.declarations.shipped import SHIPPED
from tests.declarations.declaring import Tenant, field, shipped_but

NOW = datetime(2026, 3, 4, tzinfo=UTC)
NAMES = ["cost", "risk", "plan", "colour"]

CONFIGURATIONS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2)).map(
    lambda says: [
        field(name, place, label=str(content)) for place, (name, content) in enumerate(says.items())
    ]
)


@given(st.lists(CONFIGURATIONS, min_size=1, max_size=8))
def test_any_sequence_of_configurations_leaves_exactly_the_last_one_declared(
    sequence: list[list[Declaration]],
) -> None:
    tenant = Tenant()
    for wanted in sequence:
        tenant.reconcile(wanted, 0, NOW)
    last = sequence[-1]
    assert {named: one.checksum for named, one in tenant.current().items()} == {
        one.named: one.checksum for one in last
    }
    assert {named: one.place for named, one in tenant.current().items()} == {
        one.named: one.place for one in last
    }
    of_shipped = {
        named
        for named, one in tenant.standing.declared.items()
        if one.current is not None and one.origin is DeclarationOrigin.SHIPPED
    }
    assert of_shipped == shipped_but(last)
    assert tenant.reconcile(last, 0, NOW) == 0, "twice is once"


@given(st.lists(CONFIGURATIONS, min_size=1, max_size=8))
def test_versions_only_grow_and_equal_content_is_an_equal_version(
    sequence: list[list[Declaration]],
) -> None:
    tenant = Tenant()
    known: dict[tuple[object, bytes], int] = {}
    for wanted in sequence:
        before = dict(tenant.standing.versions)
        tenant.reconcile(wanted, 0, NOW)
        for named, versions in tenant.standing.versions.items():
            numbers = [one.version for one in versions]
            assert numbers == list(range(1, len(numbers) + 1))
            assert versions[: len(before.get(named, ()))] == before.get(named, [])
        for one in wanted:
            version = tenant.current()[one.named].version
            assert known.setdefault((one.named, one.checksum), version) == version


@given(st.lists(st.tuples(st.integers(0, 4), CONFIGURATIONS), min_size=1, max_size=8))
def test_of_revisions_the_greatest_is_declared_whatever_comes_later(
    sequence: list[tuple[int, list[Declaration]]],
) -> None:
    tenant, greatest, last = Tenant(), 0, sequence[0][1]
    for revision, wanted in sequence:
        changes = tenant.reconcile(wanted, revision, NOW)
        if revision < greatest:
            assert changes == 0
        else:
            greatest, last = revision, wanted
    assert {named: one.checksum for named, one in tenant.current().items()} == {
        one.named: one.checksum for one in last
    }


def test_a_change_says_what_it_was_and_what_it_is() -> None:
    tenant = Tenant()
    tenant.reconcile([field("cost")], 0, NOW)
    [first] = tenant.current().values()
    assert (first.version, first.key) == (1, "field/cost")
    tenant.reconcile([], 0, NOW)
    withdrawn = tenant.standing.declared[first.named]
    assert (withdrawn.version, withdrawn.current) == (1, None), "the last one is kept"
    tenant.reconcile([field("cost")], 0, NOW)
    assert tenant.current()[first.named].version == 1, "content that was seen before"


def test_what_is_shipped_is_declared_where_nobody_says_otherwise() -> None:
    tenant = Tenant()
    tenant.reconcile([], 0, NOW)
    assert tenant.standing.declared.keys() == SHIPPED.keys()
    assert all(one.version == 1 for one in tenant.standing.declared.values())
