#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs rows of the lock step anew, and puts them into their two tables.

    scripts/lockstep_rows.py PLATFORM:REFERENCE[:CPU] ...

Each is `lockstep PLATFORM --against REFERENCE --count 10000 --each 50 --seed 7`;
the lines go to tests/lockstep-results.txt and docs/src/reference/lock-step.md.
Uses target/debug/lockstep, or the one named by LOCKSTEP.
"""
import json
import os
import subprocess
import sys

LOCKSTEP = os.environ.get("LOCKSTEP", "target/debug/lockstep")
RESULTS = "tests/lockstep-results.txt"
PAGE = "docs/src/reference/lock-step.md"


def run(platform, reference, cpu, *more):
    command = [LOCKSTEP, platform, "--against", reference, "--count", "10000", "--each", "50", "--seed", "7", *more]
    if cpu:
        command += ["--cpu", cpu]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def replace(path, is_line, line):
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    found = [index for index, old in enumerate(lines) if is_line(index, lines)]
    if len(found) != 1:
        sys.exit(f"{path}: {len(found)} lines are that of {line}")
    lines[found[0]] = line
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


def section(index, lines):
    """The reference of the table that a line of the page is in."""
    heads = [line for line in lines[:index] if line.startswith("### ")]
    return next((name for name in ("qemu-user", "unicorn", "model") if heads and name in heads[-1].lower()), None)


def main():
    for word in sys.argv[1:]:
        platform, reference, cpu = (word.split(":") + [None])[:3]
        report = json.loads(run(platform, reference, cpu, "--json"))
        row = run(platform, reference, cpu, "--row").strip()
        numbers = [part.strip() for part in row.split(",")][2:]
        compared, equal, different, missing, ours, theirs, opened, comparison, unexplained, crashed = numbers
        cells = [f"`{platform}`", len(report["mnemonics"]), compared, equal, different, ours, theirs, opened, comparison,
                 unexplained, missing, crashed, report["sum"]["skipped"]]
        line = "| " + " | ".join(map(str, cells)) + " |"
        replace(RESULTS, lambda index, lines: lines[index].startswith(f"{platform}, {reference},"), row)
        replace(PAGE, lambda index, lines: lines[index].startswith(f"| `{platform}` |") and section(index, lines) == reference, line)
        print(line, flush=True)
        for name in report["unexplained"]:
            print("unexplained:", name, report["unexplained"][name], flush=True)


main()
