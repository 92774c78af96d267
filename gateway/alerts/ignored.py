"""Labels that name no alert: one list for the whole installation, whoever reports."""

from collections.abc import Mapping
from dataclasses import dataclass

from matchers import Matcher


@dataclass(frozen=True, slots=True)
class IgnoredLabels:
    """What of its labels is not part of an alert's identity; silences and rules see it all."""

    names: frozenset[str] = frozenset()
    matchers: tuple[Matcher, ...] = ()
    """Of the label sets that the names are ignored in; empty: all."""

    def without(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        """*labels* as they name the alert: the same object if nothing of it is ignored.

        One that would be left without any label keeps them all: it must have a name.
        """
        if self.names.isdisjoint(labels) or not all(one.matches(labels) for one in self.matchers):
            return labels
        return {n: v for n, v in labels.items() if n not in self.names} or labels


NOTHING_IGNORED = IgnoredLabels()
