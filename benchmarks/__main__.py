"""All questions, one after the other: `python -m benchmarks [--save] [--only NAME ...]`.

About half an hour on four cores that do nothing else.
"""

import argparse
import subprocess
import sys
import time

QUESTIONS = {
    "repeats": [],
    "against_alerta": [],
    "intake_limit": ["--seconds", "4"],
    "latency": [],
    "storm": [],
    "silences": ["--seconds", "5", "--rounds", "2"],
    "workers": [],
    "growth": ["--rounds", "2"],
    "lists": [],
    "large_ticket": ["--rounds", "9"],
    "idle_tenants": ["--seconds", "20"],
    "start_and_recovery": [],
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--save", action="store_true", help="keep the results in README.md")
    parser.add_argument("--only", nargs="+", choices=list(QUESTIONS), default=list(QUESTIONS))
    chosen = parser.parse_args()
    failed = []
    for name in chosen.only:
        print(f"\n=== {name}", flush=True)
        began = time.perf_counter()
        command = [sys.executable, "-m", f"benchmarks.{name}", *QUESTIONS[name]]
        if subprocess.run(command + ["--save"] * chosen.save, check=False).returncode:
            failed.append(name)
        print(f"({time.perf_counter() - began:.0f} s)", flush=True)
    if failed:
        print(f"not answered: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
