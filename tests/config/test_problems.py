"""Every problem of a configuration is named with its place, all at once."""

from pathlib import Path

import pytest

from gateway.config import ConfigError, load
from tests.config.writer import Writer


@pytest.mark.parametrize(
    ("text", "key", "line", "says"),
    [
        ("[htpp]", "htpp", 1, "did you mean `http`?"),
        ("[http]\nlistn = 1", "http.listn", 2, "did you mean `listen`?"),
        ("[http]\nxyz = 1", "http.xyz", 2, "there are"),
        ("http = 1", "http", 1, "a table, not a number"),
        ("data_dir = 1", "data_dir", 1, "path"),
        ('[identity]\nignore_labels = [""]', "identity.ignore_labels[0]", 2, "empty"),
        ('[identity]\nignore_labels = "pod"', "identity.ignore_labels", 2, "array"),
        ("[identity]\nmatch = '{a='", "identity.match", 2, "⟨here⟩"),
        (
            '[sources.alertmanager]\nignore_labels = ["replica"]',
            "sources.alertmanager.ignore_labels",
            2,
            "as [identity] ignore_labels",
        ),
        ('data_dir = ""', "data_dir", 1, "path"),
        ("[http]\n\nlisten = 9096", "http.listen", 3, "127.0.0.1:9096"),
        ('[http]\nlisten = "9096"', "http.listen", 2, "127.0.0.1:9096"),
        ('[http]\nworkers = "1"', "http.workers", 2, "whole number, not a text"),
        ("[http]\nworkers = 0", "http.workers", 2, "at least 1"),
        ("[http]\nworkers = true", "http.workers", 2, "not a boolean"),
        ("[http]\nworkers = 1.0", "http.workers", 2, "whole number"),
        ("[http]\nbody_timeout = 10", "http.body_timeout", 2, "duration"),
        ('[http]\nbody_timeout = "10"', "http.body_timeout", 2, "1h30m"),
        ('[http]\nbody_timeout = "500000w"', "http.body_timeout", 2, "at most 3653d"),
        ('[http]\nbody_timeout = "999999999w"', "http.body_timeout", 2, "at most 3653d"),
        ('[sources.n9e]\nresolve_timeout = "9999999d"', "sources.n9e.resolve_timeout", 2, "3653d"),
        ("[http]\nworkers = 257", "http.workers", 2, "at most 256"),
        ("[http]\nmax_body_bytes = inf", "http.max_body_bytes", 2, "whole number"),
        ("[http]\nmax_body_bytes = nan", "http.max_body_bytes", 2, "whole number"),
        ("[http]\nmax_body_bytes = -1", "http.max_body_bytes", 2, "at least 1"),
        (f"[http]\nmax_body_bytes = {10**30}", "http.max_body_bytes", 2, "at most"),
        ('[http]\nlisten = "h:99999999999999999999"', "http.listen", 2, "127.0.0.1:9096"),
        (f'[http]\nlisten = "{"a" * 64}:1"', "http.listen", 2, "looked up"),
        ('[[rules]]\nname = "a\\u0000b"', "rules[0].name", 2, "U+0000"),
        (
            r'[severity]\n"a\u0000b" = "low"'.replace(r"\n", "\n"),
            r'severity."a\u0000b"',
            2,
            "U+0000",
        ),
        (r'data_dir = "a\u0000b"', "data_dir", 1, "U+0000"),
        (
            '[[rules]]\nname = "a"\ntitle = "{alertname in {cluster}"',
            "rules[0].title",
            3,
            "{alertname} in {cluster}",
        ),
        ('[[rules]]\nname = "a"\ntitle = "{}"', "rules[0].title", 3, "{alertname} in"),
        (f'[[rules]]\nname = "{"a" * 201}"', "rules[0].name", 2, "200 characters"),
        ('[http]\nbody_timeout = "0s"', "http.body_timeout", 2, "longer"),
        ("[http]\nmax_body_bytes = 200000000", "http.max_bytes_in_flight", 1, "max_body_bytes"),
        ('[logs]\nlevel = "loud"', "logs.level", 2, '"debug", "info", "warning" or "error"'),
        ('[postgres]\nmigrate = "no"', "postgres.migrate", 2, "must be true or false"),
        ('[postgres]\nurl = "mysql://x"', "postgres.url", 2, "postgresql://"),
        ('[redis]\nurl = "http://x"', "redis.url", 2, "redis://"),
        ('[redis]\nurl = "redis://h:s3cret"', "redis.url", 2, "a port"),
        ('[redis]\nurl = "redis://h?colour=red"', "redis.url", 2, "an option"),
        ('[redis]\nurl = "redis+cluster://h:x"', "redis.url", 2, "a port"),
        ('[redis]\nurl = "redis+sentinel://h/name/x"', "redis.url", 2, "a database"),
        ('[severity]\nx = "worst"', "severity.x", 2, '"critical", "high", "medium" or "low"'),
        ("[severity]\nx = 1", "severity.x", 2, "critical"),
        ('[severity]\n"P1 " = "low"\np1 = "high"', "severity.p1", 3, "regard to case"),
        ("[journal]\nmax_bytes = 60000000", "journal.max_bytes", 2, "segment_bytes (67108864)"),
        ("[journal]\nsegment_bytes = 4095", "journal.segment_bytes", 2, "at least 4096"),
        ("[journal]\nsegment_bytes = 3000000000", "journal.max_bytes", 1, "segment_bytes"),
        ("rules = 1", "rules", 1, "[[rules]]"),
        ("[rules]", "rules", 1, "[[rules]]"),
        ("[[rules]]", "rules[0].name", 1, "required"),
        ('[[rules]]\nname = ""', "rules[0].name", 2, "empty"),
        ('[[rules]]\nname = "default"', "rules[0].name", 2, "built-in"),
        ('[[rules]]\nname = "a"\nmatch = "{a=b"', "rules[0].match", 3, "⟨here⟩"),
        ('[[rules]]\nname = "a"\nmatch = "a=~\\"(\\""', "rules[0].match", 3, "⟨here⟩"),
        (
            '[[rules]]\nname = "a"\nsources = ["x"]',
            "rules[0].sources[0]",
            3,
            "no source is named 'x'",
        ),
        ('[[rules]]\nname = "a"\nsources = "x"', "rules[0].sources", 3, "array"),
        ('[[rules]]\nname = "a"\ngroup_by = ["a", 1]', "rules[0].group_by[1]", 3, "must be a text"),
        ('[[rules]]\nname = "a"\ngroup_by = [""]', "rules[0].group_by[0]", 3, "empty"),
        ('[[rules]]\nname = "a"\npriority = "p1"', "rules[0].priority", 3, '"critical"'),
        ('[[rules]]\nname = "a"\nimpact = "huge"', "rules[0].impact", 3, '"high"'),
        ('[[rules]]\nname = "a"\nproject = "ops"', "rules[0].project", 3, "capitals"),
        (
            '[[rules]]\nname = "a"\nauto_resolve = "no"',
            "rules[0].auto_resolve",
            3,
            'true, false or "unclaimed"',
        ),
        ('[[rules]]\nname = "a"\nwindw = "3m"', "rules[0].windw", 3, "`window`"),
        ("[sources.x]", "sources.x.kind", 1, "is required; there are "),
        ('[sources.x]\nkind = "y"', "sources.x.kind", 2, "no kind 'y'"),
        ('[sources."a/b"]\nkind = "custom"', 'sources."a/b"', 1, "letters"),
        ("[sources]\nx = 1", "sources.x", 2, "table"),
        ("[sources.custom]\nnope = 1", "sources.custom.nope", 2, "there are kind"),
        ('[sources.n9e]\nresolve_timeout = "x"', "sources.n9e.resolve_timeout", 2, "duration"),
        ("[[webhooks]]", "webhooks[0].url", 1, "required"),
        ('[[webhooks]]\nurl = "ftp://x"', "webhooks[0].url", 2, "http://"),
        (
            '[[webhooks]]\nurl = "http://x"\nevents = ["y"]',
            "webhooks[0].events[0]",
            3,
            '"ticket.reopened"',
        ),
        ('[http]\nlisten = "0.0.0.0:9096"', "http.listen", 2, "token_file"),
        ('[http]\nlisten = ":9096"', "http.listen", 2, "administrator"),
        ('[auth]\ntoken = "a b"', "auth.token", 2, "spaces"),
    ],
)
def test_a_wrong_key_is_named_with_its_place_and_what_would_be_right(
    written: Writer, text: str, key: str, line: int, says: str
) -> None:
    problem = written.problem(text)
    assert (problem.key, problem.line) == (key, line)
    assert says in problem.message
    assert f"line {line}: {key}: " in str(problem)


def test_all_problems_are_told_at_once(written: Writer) -> None:
    problems = written.problems(
        """
        [http]
        listen = "nowhere"
        workers = 0
        [[rules]]
        name = "a"
        window = "x"
        [[rules]]
        name = "b"
        priority = "x"
        [nope]
        """
    )
    assert [problem.key for problem in problems] == [
        "http.listen",
        "http.workers",
        "rules[0]",
        "rules[0].window",
        "rules[1].priority",
        "nope",
    ]
    assert [problem.line for problem in problems] == [3, 4, 5, 7, 10, 11]


def test_two_of_a_name_are_both_named(written: Writer) -> None:
    rule = '[[rules]]\nname = "a"\nmatch = "x=y"\n'
    assert [p.key for p in written.problems(rule * 2)] == ["rules[0].name", "rules[1].name"]
    hook = '[[webhooks]]\nurl = "http://x"\n'
    assert written.problem(hook * 2).key == "webhooks[1].name"


@pytest.mark.parametrize("match", ["", 'match = ""', 'match = "{}"', "sources = []"])
def test_a_rule_without_matchers_may_only_be_the_last(written: Writer, match: str) -> None:
    all_of_it = f'[[rules]]\nname = "all"\n{match}\n'
    some = '[[rules]]\nname = "some"\nmatch = "a=b"\n'
    assert len(written.load(some + all_of_it).rules) == 2
    assert written.problem(all_of_it + some).key == "rules[0]"


def test_a_rule_of_some_sources_may_come_before_others(written: Writer) -> None:
    one_source = '[[rules]]\nname = "one"\nmatch = "{}"\nsources = ["n9e"]\n'
    assert len(written.load(one_source + '[[rules]]\nname = "rest"\n').rules) == 2
    wrong = one_source.replace("n9e", "n10e")
    assert written.problem(wrong + '[[rules]]\nname = "rest"\n').key == "rules[0].sources[0]"


def test_a_word_may_be_said_twice_in_other_letters_if_it_means_the_same(written: Writer) -> None:
    assert written.load('[severity]\nSEV1 = "high"\nsev1 = "high"').severity["sev1"] == "high"


def test_what_is_not_toml_is_told_with_its_line(written: Writer) -> None:
    problem = written.problem("[http]\nlisten = \n")
    assert (problem.key, problem.line) == ("", 2)


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path, written: Writer) -> None:
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            load(path)


def test_the_error_shows_the_file_and_every_problem(written: Writer) -> None:
    with pytest.raises(ConfigError) as caught:
        written.load("[nope]\n[nada]")
    text = str(caught.value)
    assert str(written.path) in text
    assert "line 1: nope" in text
    assert "line 2: nada" in text


def test_places_are_found_in_nested_arrays_and_not_in_texts(written: Writer) -> None:
    problems = written.problems(
        '''
        data_dir = """
        [http]
        workers = 0
        """
        [sources.x]
        kind = "mapped"
        labels = { alertname = "a" }
        [[sources.x.examples]]
        in = "{}"
        out = {}
        [[sources.x.examples]]
        in = "{}"
        out = 3
        [http]
        workers = 0
        '''
    )
    assert [(p.key, p.line) for p in problems] == [
        ("sources.x.examples[1].out", 14),
        ("http.workers", 16),
    ]


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"# fine\ndata_dir = '\xff'", 2, "is not UTF-8 text"),
        (b"\xef\xbb\xbf[http]", 1, "byte order mark"),
        ("[http]".encode("utf-16"), 1, "UTF-16"),
        (b"a = 1\nb = \x00", 2, "is not TOML"),
        (b"[http]\nworkers = " + b"9" * 5000, 2, "too many digits"),
        (b"\nx = " + b"[" * 10_000, None, "nested too deeply"),
        (b"\nx = [", 2, "is not TOML"),
    ],
)
def test_bytes_that_are_no_toml_are_told_in_one_sentence(
    written: Writer, content: bytes, line: int | None, says: str
) -> None:
    written.path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(written.path)
    [problem] = caught.value.problems
    assert (problem.key, problem.line) == ("", line)
    assert says in problem.message


def test_lines_end_as_they_do_on_windows_too(written: Writer) -> None:
    written.path.write_bytes(b'data_dir = """\r\n"""\r\n[http]\r\nworkers = 0\r\n')
    with pytest.raises(ConfigError) as caught:
        load(written.path)
    assert caught.value.problems[-1].line == 4


EXAMPLES = """
    [sources.x]
    kind = "mapped"
    labels = { alertname = "name" }
    examples = [
        { in = '{"name": "a"}', out = { labels = { alertname = "a" } } },
        { in = '{"name": "a"}', out = { status = "resolved", labels = { alertname = "b" } } },
        { in = '[{"name": "a"}, {"name": "b"}]', out = [
            { severity = "" },
            { url = "x" },
        ] },
        { in = '{', out = {} },
        { in = { far = 99999999999999999999999 }, out = {} },
        { in = '[]', out = {} },
    ]
"""


def test_every_example_that_does_not_hold_is_told_with_its_line(written: Writer) -> None:
    problems = written.problems(EXAMPLES)
    assert [(p.key, p.line) for p in problems] == [
        ("sources.x.examples[1].out.labels", 7),
        ("sources.x.examples[1].out.status", 7),
        ("sources.x.examples[2].out[1].url", 10),
        ("sources.x.examples[3].in", 12),
        ("sources.x.examples[4].out", 13),
        ("sources.x.examples[5].out", 14),
    ]
    assert "expected 'resolved', got 'firing'" in problems[1].message


def test_a_problem_is_one_line_whatever_it_repeats(written: Writer) -> None:
    problem = written.problem('[[rules]]\nname = "a"\nmatch = "{a=\\n\\u001b[31mb"')
    assert str(problem).isprintable()
    expressions = '[sources.x]\nkind = "mapped"\nitems = "a["\n'
    assert all(str(problem).isprintable() for problem in written.problems(expressions))


@pytest.mark.parametrize(
    "text",
    [
        '[http]\nlisten = ":1"\n[auth]\nmode = "required"',
        '[http]\nlisten = ":1"\n[auth]\ntoken = "s3cret"',
        '[http]\nlisten = ":1"\n[auth]\nmode = "required"\ntoken = "s3cret"',
    ],
)
def test_a_listener_that_others_reach_asks_everybody_who_they_are(
    written: Writer, text: str
) -> None:
    assert written.load(text).auth.required


def test_nobody_is_asked_on_this_machine_unless_it_is_said() -> None:
    assert not load(None).auth.required


def test_a_listener_that_others_reach_is_refused_where_nobody_is_asked(written: Writer) -> None:
    for mode in ("", '[auth]\nmode = "loopback"'):
        problem = written.problem(f'[http]\nlisten = ":1"\n{mode}')
        assert problem.key == "http.listen"
        assert 'mode = "required"' in problem.message


def test_a_token_that_nobody_is_asked_for_is_refused(written: Writer) -> None:
    problem = written.problem('[auth]\nmode = "loopback"\ntoken = "s3cret"')
    assert problem.key == "auth.mode"
    assert "s3cret" not in problem.message
