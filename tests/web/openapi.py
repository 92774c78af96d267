"""Writes the checked-in description of the API anew: `python -m tests.web.openapi`."""

from pathlib import Path

import yaml

from gateway.web.api.examples import EXAMPLES
from gateway.web.api.table import TABLE
from gateway.web.openapi.document import document

FILE = Path(__file__).parents[2] / "gateway/web/api/openapi.yaml"
_HEAD = "# The HTTP API. Made of gateway/web/api/table.py by `make openapi`: change it there.\n"


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as they are, and every value written out where it stands."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def written() -> str:
    """The file as it should be."""
    described = document(TABLE, EXAMPLES)
    return _HEAD + yaml.dump(
        described,
        Dumper=_Dumper,
        sort_keys=False,
        width=120,
        allow_unicode=True,
        default_flow_style=None,
    )


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
