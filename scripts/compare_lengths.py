#!/usr/bin/env python3
"""Compares where instructions begin: `terrella disasm` beside objdump.

    scripts/compare_lengths.py [--results PLATFORM] FILE.so ...

Both disassemble the section .text of each file from its beginning. An address
at which only one of them has an instruction begin is a difference. Uses
llvm-objdump, or the objdump named by OBJDUMP; the terrella named by TERRELLA,
or target/debug/terrella. With --results, the sums go into the line of the
platform in tests/decode-results.txt, which the page of truth shows.
"""
import json
import os
import re
import shutil
import subprocess
import sys

OBJDUMP = os.environ.get("OBJDUMP") or next(
    (name for name in ("llvm-objdump", "llvm-objdump-19", "llvm-objdump-14", "objdump") if shutil.which(name)), None)
TERRELLA = os.environ.get("TERRELLA", "target/debug/terrella")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def text_section(path):
    for line in output(OBJDUMP, "-h", path).splitlines():
        fields = line.split()
        if len(fields) > 3 and fields[1] == ".text":
            return int(fields[2], 16), int(fields[3], 16)
    return None


def compare(path):
    section = text_section(path)
    if section is None:
        return None
    size, address = section
    theirs = {}
    for line in output(OBJDUMP, "-d", "-z", "-j", ".text", path).splitlines():
        match = re.match(r"\s*([0-9a-f]+):\s+((?:[0-9a-f]{2,8} ?)+)\s*(.*)", line)
        if match:
            theirs[int(match[1], 16)] = match[3].strip()
    answer = json.loads(output(TERRELLA, "disasm", path, "--base", "0", "--range", f"{address:#x}+{size:#x}", "--json") or "{}")
    ours = {int(line["address"], 16): line["text"] for line in answer.get("instructions", [])}
    unknown = sum(text is None for text in ours.values())
    only_ours, only_theirs = ours.keys() - theirs.keys(), theirs.keys() - ours.keys()
    return len(theirs), len(ours), unknown, sorted(only_ours), sorted(only_theirs), theirs, ours


RESULTS = os.path.join(os.path.dirname(__file__), "..", "tests", "decode-results.txt")


def note(platform, instructions, differences, files):
    """Puts the line of a platform in place of the one that is there."""
    with open(RESULTS, encoding="utf-8") as file:
        lines = file.read().splitlines()
    lines = [line for line in lines if not line.startswith(platform + ",")]
    head = [line for line in lines if line.startswith("#")]
    rows = [line for line in lines if line and not line.startswith("#")]
    rows.append(f"{platform}, {instructions}, {differences}, {' '.join(sorted(files))}")
    with open(RESULTS, "w", encoding="utf-8") as file:
        file.write("\n".join(head + sorted(rows)) + "\n")


def main():
    paths, platform = sys.argv[1:], None
    if paths[:1] == ["--results"]:
        platform, paths = paths[1], paths[2:]
    total, instructions, files = 0, 0, []
    print(f"{'file':28} {'objdump':>8} {'ours':>8} {'not decoded':>12} {'only ours':>10} {'only theirs':>12}")
    for path in paths:
        result = compare(path)
        if result is None:
            continue
        theirs_count, ours_count, unknown, only_ours, only_theirs, theirs, ours = result
        total += len(only_ours) + len(only_theirs)
        instructions += len(theirs.keys() | ours.keys())
        files.append(os.path.basename(path))
        print(f"{os.path.basename(path):28} {theirs_count:8} {ours_count:8} {unknown:12} {len(only_ours):10} {len(only_theirs):12}")
        for address in (only_ours + only_theirs)[:3]:
            print(f"    {address:#x}: ours {ours.get(address)!r}, theirs {theirs.get(address)!r}")
    if platform and instructions:
        note(platform, instructions, total, files)
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
