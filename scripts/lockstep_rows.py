#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs rows of the lock step anew, and puts them into their two tables.

    scripts/lockstep_rows.py PLATFORM:REFERENCE[:CPU] ...

Each is `lockstep PLATFORM --against REFERENCE --count 10000 --each 50 --seed 7`;
the lines go to tests/lockstep-results.txt and docs/src/reference/lock-step.md,
there to the tables of what has no witness and what is not compared as well. JOBS rows run at a time (2).
Uses target/debug/lockstep, or the one named by LOCKSTEP.
"""
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

LOCKSTEP = os.environ.get("LOCKSTEP", "target/debug/lockstep")
RESULTS = "tests/lockstep-results.txt"
PAGE = "docs/src/reference/lock-step.md"
WITNESS = "docs/src/reference/lock-step-witness.md"


FAULTS = ("ours", "theirs", "open", "comparison")


def run(word):
    platform, reference, cpu = (word.split(":") + [None])[:3]
    command = [LOCKSTEP, platform, "--against", reference, "--count", "10000", "--each", "50", "--seed", "7", "--json"]
    if cpu:
        command += ["--cpu", cpu]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if not result.stdout:
        sys.exit(f"{word}: {result.stderr}")
    return platform, reference, json.loads(result.stdout)


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
    with ThreadPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        for platform, reference, report in pool.map(run, sys.argv[1:]):
            put(platform, reference, report)


def put(platform, reference, report):
    total = report["sum"]
    causes = report["causes"].values()
    faults = [sum(cause["count"] for cause in causes if cause["fault"] == fault) for fault in FAULTS]
    compared = total["equal"] + total["different"]
    counts = [compared, total["equal"], total["different"]]
    row = ", ".join(map(str, [platform, reference, *counts, total["missing"], *faults, total["unexplained"], total["crashed"]]))
    cells = [f"`{platform}`", len(report["mnemonics"]), *counts, *faults,
             total["unexplained"], total["missing"], total["crashed"], total["skipped"]]
    line = "| " + " | ".join(map(str, cells)) + " |"
    names = ", ".join(report["uncompared"]) or "none"
    without = report["unwitnessed"]
    replace(RESULTS, lambda index, lines: lines[index].startswith(f"{platform}, {reference},"), row)
    replace(PAGE, lambda index, lines: lines[index].startswith(f"| `{platform}` |") and section(index, lines) == reference, line)
    start = f"| `{platform}` | {reference} |"
    for page, text in [(PAGE, names), (WITNESS, f"{len(without)} | {', '.join(without)}")]:
        replace(page, lambda index, lines: lines[index].startswith(start), f"{start} {text} |")
    print(line, flush=True)
    for name in report["unexplained"]:
        print("unexplained:", name, report["unexplained"][name], flush=True)


main()
