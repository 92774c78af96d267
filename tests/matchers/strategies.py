"""Random matchers, their spellings, label sets, and the plain meaning of matching."""

from collections.abc import Mapping, Sequence

import re2
from hypothesis import strategies as st

from matchers import Matcher, MatcherSyntaxError, Operator

NAMES = ("a", "b", "severity", "dotted.name", "päth", 'wei"rd\\ {name}')
VALUES = (
    "",
    "x",
    "y",
    "xy",
    "x\n",
    "\n",
    "é",
    "X",
    "db-12",
    "db-2.eu",
    "a|b",
    "x,y",
    "=x",
    "\t",
    "漢",
)
PATTERN_PIECES = (
    "x", "y", "é", "db-", "db-12", "漢", ".", ".*", ".+", "[xy]", "[^x]", "[]x]", "[[:alpha:]]",
    "(x|y)", "(?i)x", "(?s).", "(?:xy)?", "(?:db-.*)", "(", ")", r"\d", r"\d+", r"\w", r"\.", r"\-",
    r"\pL", r"\n", r"\x78", "|", "x|xy|", "?", "+", "*?", "{1,2}", "x{0}", "x{2}?", "{", "}",
    "^x", "x$",
)  # fmt: skip

names = st.sampled_from(NAMES) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
values = st.sampled_from(VALUES) | st.text(st.characters(exclude_categories=["Cs"]))


def _compiles(pattern: str) -> bool:
    try:
        Matcher("a", Operator.MATCHES, pattern)
    except MatcherSyntaxError:
        return False
    return True


patterns = (
    st.lists(st.sampled_from(PATTERN_PIECES), max_size=4).map("".join).filter(_compiles)
    | st.lists(st.sampled_from(("x", "y", "xy", "é", "db-2\\.eu")), min_size=1).map("|".join)
    | values.map(re2.escape)
)


@st.composite
def matchers_of(draw: st.DrawFn, name: st.SearchStrategy[str] = names) -> Matcher:
    """A matcher that is sound, of any operator."""
    op = Operator(draw(st.sampled_from(tuple(Operator))))
    value = draw(patterns if op.takes_pattern else values)
    return Matcher(draw(name), op, value)


few_names = st.sampled_from(NAMES[:4])
matcher_lists = st.lists(matchers_of(few_names), max_size=4).map(tuple)
label_sets = st.dictionaries(few_names, values, max_size=4)


def plainly_matches(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    """What Alertmanager's documentation says, in the fewest words and with no cleverness."""
    value = labels.get(matcher.name, "")
    if not matcher.op.takes_pattern:
        return (value == matcher.value) is (matcher.op is Operator.EQUAL)
    found = re2.search(f"^(?:{matcher.value})$", value) is not None
    return found is (matcher.op is Operator.MATCHES)


def plainly_found(lists: Mapping[int, Sequence[Matcher]], labels: Mapping[str, str]) -> list[int]:
    """The keys whose matchers all match, by trying each."""
    return [key for key, each in lists.items() if all(plainly_matches(m, labels) for m in each)]


SPACES = st.sampled_from(("", "", "", " ", "\t", "\n ", "\v", "\u00a0"))
NAME_TEXTS = st.sampled_from(
    ("foo",) * 8 + ("a",) * 6 + ("x:y", "9a", "föö", "a.b", '"foo"', "'a'", "")
)  # fmt: skip
OPERATOR_TEXTS = st.sampled_from(("=", "=~", "!=", "!~") * 4 + ("!", "~", "= =", ""))
GOOD_PIECES = (
    "bar", "12", "x", "é", "漢", "(a|b)", ".*", ".+", "[a-c]+", "|", "^a", "$", r"\d", r"\d+",
    r"\n", r"\\", r"\t", r"\b", r"\x41", r"\pL", r"\.", " ", "\t", "=", "~", "(?i)b", "a{2}",
)  # fmt: skip
ODD_PIECES = (
    "\\", "\v", "\n", "!=", "{", "}", "'", "`", "{1001}", "(", "[", "*", r"\C", r"\Q.", ",", '"',
    r"\"", "\u00a0",
)  # fmt: skip
VALUE_PIECES = GOOD_PIECES * 3 + ODD_PIECES


@st.composite
def matcher_texts(draw: st.DrawFn) -> str:
    """What somebody may write for one matcher: mostly right, often by accident."""
    value = "".join(draw(st.lists(st.sampled_from(VALUE_PIECES), max_size=3)))
    if draw(st.booleans()):
        value = '"' + value.replace('"', "") + '"'
    parts = (draw(NAME_TEXTS), draw(OPERATOR_TEXTS), value)
    return "".join(draw(SPACES) + part for part in parts) + draw(SPACES)


list_texts = st.tuples(
    st.sampled_from(("", "", "{", " {")),
    st.lists(matcher_texts(), max_size=3).map(",".join),
    st.sampled_from(("", "", "}", ",", ", }")),
).map("".join)
