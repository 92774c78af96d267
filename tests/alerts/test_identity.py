"""Identity: what names one source alert, one alert and one window, and what does not."""

import json
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts.identity import Identity, IdentityCache
from gateway.alerts.ignored import IgnoredLabels
from gateway.alerts.labels import BadLabels
from gateway.alerts.rule import DEFAULT_RULE, Rule
from gateway.alerts.severity import Severity
from matchers import parse
from tests.alerts.identities import SEED, identifier, identity, sighting

PROMETHEUS = "prometheus"
NAMES = st.sampled_from(["alertname", "cluster", "instance", "replica", "team"])
LABELS = st.dictionaries(NAMES, st.sampled_from(["a", "b", "ab", "é"]), min_size=1)
CPU = {"alertname": "Cpu", "cluster": "eu", "instance": "db1", "team": "payments"}


@given(LABELS, st.randoms(), st.booleans())
def test_the_same_labels_in_any_order_and_spacing_are_one_strand(
    labels: Mapping[str, str], shuffler: Random, spaced: bool
) -> None:
    items = list(labels.items())
    shuffler.shuffle(items)
    raw = json.dumps(dict(items), indent=1 if spaced else None).encode()
    one, other = identity(labels), identity(raw)
    assert (one.strand, one.fingerprint, one.labels) == (
        other.strand, other.fingerprint, other.labels,
    )  # fmt: skip


@given(LABELS, LABELS)
def test_two_label_sets_share_an_identity_only_if_they_are_equal(
    one: Mapping[str, str], other: Mapping[str, str]
) -> None:
    first, second = identity(one), identity(other)
    assert (first.strand == second.strand) is (one == other)
    assert (first.fingerprint == second.fingerprint) is (one == other)


def test_names_and_values_never_run_into_each_other() -> None:
    digest = identifier().digest
    assert digest(b"ab", b"c") != digest(b"a", b"bc")
    assert digest(b"a", b"") != digest(b"a")


def test_what_is_ignored_tells_strands_apart_and_not_alerts() -> None:
    one = identity({**CPU, "replica": "1"}, ignored=["replica"])
    other = identity({**CPU, "replica": "2"}, ignored=["replica"])
    assert one.strand != other.strand
    assert one.fingerprint == other.fingerprint == identity(CPU).fingerprint
    assert json.loads(one.alert_labels) == CPU
    assert json.loads(one.labels) == {**CPU, "replica": "1"}


@given(LABELS, st.sets(NAMES), st.sets(NAMES))
def test_a_strand_keeps_its_key_whatever_is_ignored(
    labels: Mapping[str, str], once: set[str], then: set[str]
) -> None:
    one, other = identity(labels, ignored=sorted(once)), identity(labels, ignored=sorted(then))
    assert one.strand == other.strand
    assert (one.fingerprint == other.fingerprint) is (one.alert_labels == other.alert_labels)


@given(LABELS, st.sets(NAMES))
def test_who_reports_is_no_part_of_an_alerts_identity(
    labels: Mapping[str, str], ignored: set[str]
) -> None:
    one, other = (
        identity(labels, source, sorted(ignored)) for source in ("prometheus", "alertmanager")
    )
    assert (one.strand, one.fingerprint) == (other.strand, other.fingerprint)


def test_labels_may_be_ignored_in_some_label_sets_only() -> None:
    ignored = IgnoredLabels(frozenset({"pod"}), parse('namespace="batch"'))
    batch, web = ({"namespace": name, "pod": "p1"} for name in ("batch", "web"))
    assert ignored.without(batch) == {"namespace": "batch"}
    assert ignored.without(web) is web


def test_a_label_set_of_ignored_labels_alone_keeps_its_name() -> None:
    one, other = (identity({"replica": value}, ignored=["replica"]) for value in "ab")
    assert one.fingerprint != other.fingerprint


def test_a_discriminator_tells_strands_apart_and_not_alerts() -> None:
    one, other = identity(CPU, discriminator="h1"), identity(CPU, discriminator="h2")
    assert one.strand != other.strand
    assert one.fingerprint == other.fingerprint


def test_a_discriminator_names_the_strand_whatever_labels_come_with_it() -> None:
    one, other = identity(CPU, discriminator="h1"), identity({"a": "b"}, discriminator="h1")
    assert one.strand == other.strand
    assert one.fingerprint != other.fingerprint


def test_a_discriminator_says_nothing_of_another_sources_alerts() -> None:
    one, other = (identity(CPU, source, discriminator="h1") for source in ("n9e", "n9e-berlin"))
    assert one.strand != other.strand
    assert one.fingerprint == other.fingerprint


def test_the_severity_of_a_sighting_is_not_identity() -> None:
    one, other = identity(CPU, severity="n9e-1"), identity(CPU, severity="n9e-3")
    assert (one.strand, one.fingerprint) == (other.strand, other.fingerprint)
    assert (one.severity, other.severity) == (Severity.CRITICAL, Severity.LOW)


def test_the_senders_own_severity_comes_before_the_label() -> None:
    labels = {**CPU, "severity": "info"}
    assert identity(labels).severity is Severity.LOW
    assert identity(labels, severity="n9e-1").severity is Severity.CRITICAL


def test_the_seed_changes_every_digest() -> None:
    rule = Rule("eu", group_by=("cluster",))
    one = identifier([rule]).identify(1, PROMETHEUS, sighting(CPU))
    seed = SEED[:-1] + b"\x00"
    other = identifier([rule], seed).identify(1, PROMETHEUS, sighting(CPU))
    assert one.strand != other.strand
    assert one.fingerprint != other.fingerprint
    assert one.merge_key != other.merge_key


def test_digests_are_sixteen_bytes() -> None:
    one = identity(CPU, rules=[Rule("eu", group_by=("cluster",))])
    assert [len(one.strand), len(one.fingerprint), len(one.merge_key)] == [16, 16, 16]


def test_without_group_by_the_alert_is_its_own_merge_key() -> None:
    one = identity(CPU)
    assert one.merge_key == one.fingerprint
    assert one.rule is DEFAULT_RULE


def test_a_group_is_named_by_rule_names_and_values() -> None:
    def key(labels: Mapping[str, str], rule: str = "r", by: tuple[str, ...] = ("a", "b")) -> bytes:
        return identity(labels, rules=[Rule(rule, group_by=by)]).merge_key

    whole = key({"a": "1", "b": "2", "c": "3"})
    assert whole == key({"a": "1", "b": "2", "c": "4"})
    assert whole != key({"a": "1", "b": "3", "c": "3"})
    assert whole != key({"a": "1", "b": "2", "c": "3"}, rule="other")
    assert whole != key({"a": "1", "b": "2", "c": "3"}, by=("a", "c"))
    assert key({"a": "1", "c": "3"}) == key({"a": "1", "b": "", "c": "3"})
    assert key({"a": "12", "c": "3"}) != whole


def test_the_first_rule_that_takes_the_alert_wins() -> None:
    rules = [
        Rule("elsewhere", sources=frozenset({"grafana"})),
        Rule("other team", matchers=parse('team="search"')),
        Rule("payments", matchers=parse('team="payments",cluster=~"e.+"')),
        Rule("rest"),
    ]
    assert identity(CPU, rules=rules).rule.name == "payments"
    assert identity(CPU, "grafana", rules=rules).rule.name == "elsewhere"
    assert identity({"a": "b"}, rules=rules).rule.name == "rest"


def test_a_rule_and_severity_see_ignored_labels() -> None:
    rules = [Rule("one", matchers=parse('replica="1"'))]
    labels = {**CPU, "replica": "1", "severity": "page"}
    seen = identity(labels, ignored=["replica", "severity"], rules=rules)
    assert (seen.rule.name, seen.severity) == ("one", Severity.CRITICAL)


def test_a_repeat_is_not_worked_out_again() -> None:
    cache = IdentityCache(identifier())
    first = cache.identify(1, PROMETHEUS, sighting(CPU))
    assert cache.identify(1, PROMETHEUS, sighting(CPU, firing=False)) is first
    assert cache.misses == 1


def test_what_a_look_at_the_young_finds_is_what_would_be_identified() -> None:
    cache = IdentityCache(identifier())
    seen = sighting(CPU)
    assert seen.labels not in cache.young(1, PROMETHEUS)
    first = cache.identify(1, PROMETHEUS, seen)
    assert cache.young(1, PROMETHEUS)[seen.labels] is first
    assert seen.labels not in cache.young(2, PROMETHEUS)
    assert seen.labels not in cache.young(1, "grafana")


def test_tenants_and_sources_do_not_share_identities() -> None:
    cache = IdentityCache(identifier())
    cache.identify(1, PROMETHEUS, sighting(CPU))
    assert cache.identify(2, PROMETHEUS, sighting(CPU)).tenant == 2
    assert cache.identify(1, "grafana", sighting(CPU)).source == "grafana"
    assert cache.misses == 3


def test_all_identities_of_a_strand_share_what_is_known_of_it() -> None:
    cache = IdentityCache(identifier())
    one = cache.identify(1, PROMETHEUS, sighting(CPU))
    spaced = json.dumps(CPU, indent=1).encode()
    other = cache.identify(1, "alertmanager", sighting(spaced))
    assert other.memory is one.memory is cache.memory(1, one.strand)
    assert cache.identify(2, PROMETHEUS, sighting(CPU)).memory is not one.memory


def test_bad_labels_are_not_kept() -> None:
    cache = IdentityCache(identifier())
    with pytest.raises(BadLabels):
        cache.identify(1, PROMETHEUS, sighting(b"[]"))
    assert len(cache) == 0


def test_the_cache_is_bounded_in_bytes_and_so_is_what_is_known_of_strands() -> None:
    cache = IdentityCache(identifier(), max_bytes=200_000)
    strands = [
        cache.identify(1, PROMETHEUS, sighting({"n": str(number)})).strand
        for number in range(1_000)
    ]
    assert 100 < len(cache) < 200_000 / 900
    known = [strand for strand in strands if cache.memory(1, strand) is not None]
    assert len(known) == len(cache)
    assert known == strands[-len(known) :]


def test_longer_label_sets_leave_room_for_fewer() -> None:
    few, many = (IdentityCache(identifier(), max_bytes=200_000) for _ in range(2))
    for number in range(300):
        few.identify(1, PROMETHEUS, sighting({"n": str(number), "long": "x" * 5_000}))
        many.identify(1, PROMETHEUS, sighting({"n": str(number)}))
    assert len(few) < len(many) / 5


def test_what_is_still_seen_survives_both_generations() -> None:
    cache = IdentityCache(identifier(), max_bytes=100_000)
    kept = cache.identify(1, PROMETHEUS, sighting(CPU))
    for number in range(500):
        cache.identify(1, PROMETHEUS, sighting({"n": str(number)}))
        assert cache.identify(1, PROMETHEUS, sighting(CPU)) is kept
    assert cache.misses == 501


def facts(one: Identity) -> tuple[object, ...]:
    """All but what is remembered."""
    return (
        one.tenant, one.source, one.strand, one.fingerprint, one.merge_key, one.labels,
        one.alert_labels, one.severity, one.rule,
    )  # fmt: skip


def test_labels_that_are_written_as_we_write_them_are_kept_once() -> None:
    raw = sighting(dict(sorted(CPU.items()))).labels
    one = identity(raw, ignored=["replica"])
    assert one.labels is raw
    assert one.alert_labels is raw


def recount(cache: IdentityCache) -> int:
    """Bytes of what is in both generations: the raw labels that name an identity, the texts that
    it has besides, and what each costs anyhow.
    """
    total = 0
    for generation in (cache._young, cache._old):  # noqa: SLF001  only their sizes
        for partition in generation.identities.values():
            for key, one in partition.items():
                raw = key if isinstance(key, bytes) else key[0]
                texts = {id(text): text for text in (raw, one.labels, one.alert_labels)}
                total += 700 + sum(map(len, texts.values()))
    return total


@given(
    st.lists(
        st.tuples(
            st.integers(1, 2),
            st.sampled_from(["prometheus", "alertmanager"]),
            st.dictionaries(NAMES, st.sampled_from(["a", "b", "long" * 100]), min_size=1),
            st.sampled_from([None, 1]),
            st.sampled_from(["", "page"]),
            st.sampled_from(["", "named"]),
        ),
        max_size=40,
    )
)
def test_the_cache_answers_as_if_there_were_none_and_its_bytes_equal_a_recount(
    all_seen: list[tuple[int, str, Mapping[str, str], int | None, str, str]],
) -> None:
    at_once = identifier(ignored=["replica"])
    cache = IdentityCache(at_once, max_bytes=20_000)
    for tenant, source, labels, indent, severity, discriminator in all_seen:
        raw = json.dumps(labels, indent=indent, sort_keys=True).encode()
        one = sighting(raw, severity=severity, discriminator=discriminator)
        found = cache.identify(tenant, source, one)
        assert facts(found) == facts(at_once.identify(tenant, source, one))
        assert cache.held_bytes == recount(cache)
        assert cache.held_bytes <= 20_000


def test_an_identity_that_is_found_old_is_held_once() -> None:
    cache = IdentityCache(identifier(), max_bytes=4_000)
    seen = [sighting({"n": str(number)}) for number in range(3)]
    for one in (*seen, seen[0], seen[0]):
        cache.identify(1, PROMETHEUS, one)
    assert (len(cache), cache.misses) == (3, 3)
    assert cache.held_bytes == recount(cache)
