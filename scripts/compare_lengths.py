#!/usr/bin/env python3
"""Compares where instructions begin: `terrella disasm` beside objdump.

    scripts/compare_lengths.py [--results PLATFORM] [--platform NAME] FILE.so ...

Both disassemble the section .text of each file from its beginning. An address
at which only one of them has an instruction begin is a difference. Uses
llvm-objdump, or the objdump named by OBJDUMP, with options; the terrella named by TERRELLA,
or target/debug/terrella. With --results, the sums go into the line of the
platform in tests/decode-results.txt, which the page of truth shows. With
--platform, files are taken for another platform than the one that they tell.

What is compared, and what is not:

- An address at which only one of them knows an instruction is a difference, too:
  words of a fixed length begin at the same addresses whatever they are.
- Of x86, the objdump has to be that of GNU: LLVM has LOCK and REP on lines of
  their own, which are bytes of the instruction that follows. That of GNU takes
  WAIT without prefixes for a part of any instruction of the x87 that follows it;
  for the processor it is one of its own.
- Data between the instructions is not compared, if something other than a
  disassembly tells that it is data: mapping symbols ($d, until $a, $t or $x; ELF
  for the Arm Architecture, 5.5.5), symbols of the type OBJECT with their sizes,
  the tables of properties of Xtensa (.xt.prop), and, on m68k, the tables of offsets after `jmp (2,PC,Dn)`: a table begins after
  the jump, and ends where the first of its targets, or of those of branches, is
  that lies behind it. In a
  copy of the file that both read, such data is written over with the platform's
  no-operation, and is not compared. How many bytes that were, is printed.
- On SuperH, what `mov.w` and `mov.l` load relative to the program counter is data
  as well, and is found in the same way.
- Mapping symbols also tell which instruction set is where (Arm: $a or $t); our
  side decodes each piece in it.
"""
import bisect
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

OBJDUMP = os.environ.get("OBJDUMP", "").split() or [next(
    (name for name in ("llvm-objdump", "llvm-objdump-19", "llvm-objdump-14", "objdump") if shutil.which(name)), "")]
TERRELLA = os.environ.get("TERRELLA", "target/debug/terrella")

# No-operations, as bytes of a big-endian and a little-endian file, by the
# number of the machine in the header of an ELF file and the instruction set.
M68K, ARM, SUPERH, XTENSA, AARCH64, RISCV = 4, 40, 42, 94, 183, 243
X86 = (3, 62)

# What stands in place of a text where there is no instruction.
NONE = re.compile(r"<unknown>|\(bad\)|\.(byte|short|word|long|inst|insn|2byte|4byte|8byte|slong)\b|$")
FILLERS = {
    (M68K, "x"): (b"\x4e\x71", None),
    (SUPERH, "x"): (b"\x00\x09", b"\x09\x00"),
    (ARM, "a"): (b"\xe1\xa0\x00\x00", b"\x00\x00\xa0\xe1"),
    (ARM, "t"): (b"\x46\xc0", b"\xc0\x46"),
    (AARCH64, "x"): (None, b"\x1f\x20\x03\xd5"),
    (RISCV, "x"): (None, b"\x01\x00"),
}


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


class File:
    """An ELF file: its header, sections, and symbols."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = bytearray(file.read())
        self.is_wide, self.order = self.bytes[4] == 2, "big" if self.bytes[5] == 2 else "little"
        self.machine = self.number(18, 2)
        size = 8 if self.is_wide else 4
        first, entry = (0x28, 0x3a) if self.is_wide else (0x20, 0x2e)
        table, entry, count, names = (
            self.number(first, size), self.number(entry, 2), self.number(entry + 2, 2), self.number(entry + 4, 2))
        self.sections = [self.section(table + index * entry) for index in range(count)]
        names = self.sections[names]
        for section in self.sections:
            section["name"] = self.text(names["offset"] + section["name"])

    def number(self, at, size):
        return int.from_bytes(self.bytes[at:at + size], self.order)

    def text(self, at):
        return self.bytes[at:self.bytes.index(0, at)].decode()

    def section(self, at):
        fields = {"name": 0, "type": 4}
        size = 8 if self.is_wide else 4
        places = (16, 24, 32, 40, 56) if self.is_wide else (12, 16, 20, 24, 36)
        answer = {name: self.number(at + offset, 4) for name, offset in fields.items()}
        for name, place in zip(("address", "offset", "size"), places):
            answer[name] = self.number(at + place, size)
        answer["link"], answer["entry"] = self.number(at + places[3], 4), self.number(at + places[4], size)
        return answer

    def named(self, name):
        return next((section for section in self.sections if section["name"] == name), None)

    def symbols(self):
        """Sections, addresses, sizes, types and names, also of the dynamic symbols."""
        for section in self.sections:
            if section["type"] not in (2, 11):
                continue
            names = self.sections[section["link"]]["offset"]
            for at in range(section["offset"], section["offset"] + section["size"], section["entry"]):
                if not self.is_wide and self.machine == ARM and self.bytes[at + 12] & 15 == 10:
                    # LLVM begins anew at odd addresses, which are those of
                    # resolvers in Thumb.
                    self.bytes[at + 4 if self.order == "little" else at + 7] &= 0xFE
                if self.is_wide:
                    kind, value, size = self.bytes[at + 4] & 15, self.number(at + 8, 8), self.number(at + 16, 8)
                    index = self.number(at + 6, 2)
                else:
                    kind, value, size = self.bytes[at + 12] & 15, self.number(at + 4, 4), self.number(at + 8, 4)
                    index = self.number(at + 14, 2)
                yield index, value, size, kind, self.text(names + self.number(at, 4))


def pieces(file, text):
    """Where an instruction set or data begins: addresses with a, t, x or d."""
    first, end = text["address"], text["address"] + text["size"]
    marks = {first: "a" if file.machine == ARM else "x"}
    data = []
    for index, value, size, kind, name in file.symbols():
        if index >= len(file.sections) or file.sections[index] is not text or not first <= value < end:
            continue
        mapping = re.match(r"\$([atxd])", name)
        if mapping and kind == 0:
            marks[value] = mapping[1]
        elif kind == 1:
            data.append((value, value + size))
    properties = file.named(".xt.prop")
    if properties:
        places = range(properties["offset"], properties["offset"] + properties["size"], 12)
        entries = ((file.number(at, 4), file.number(at + 4, 4), file.number(at + 8, 4)) for at in places)
        # The second bit tells instructions.
        behind = first
        for address, size, _ in sorted(entry for entry in entries if entry[2] & 2 and first <= entry[0] < end):
            data.append((behind, address))
            behind = max(behind, address + size)
        data.append((behind, end))
    ordered = sorted(marks.items())
    ranges = [(address, following, mark)
              for (address, mark), (following, _) in zip(ordered, ordered[1:] + [(end, "")])]
    return ranges, data + [(address, following) for address, following, mark in ranges if mark == "d"]


def jump_tables(original, text, theirs):
    """The tables of m68k behind jumps by an index: `jmp (2,PC,Xn)`."""
    first, end = text["address"], text["address"] + text["size"]
    branches = (re.match(r"(?:b[a-z]+|db[a-z]+|jsr|jmp)\s.*?\b([0-9a-f]+) <", line) for line in theirs.values())
    branches = sorted({int(match[1], 16) for match in branches if match})
    for address in theirs:
        offset = text["offset"] + address - first
        # The operation, and an extension word of the brief form with 2 as
        # displacement (M68000PRM, 2.1).
        if original.number(offset, 2) != 0x4EFB or original.number(offset + 2, 2) & 0x1FF != 2:
            continue
        table = at = address + 4
        following = bisect.bisect_right(branches, table)
        behind = min(end, branches[following]) if following < len(branches) else end
        while at < behind:
            place = text["offset"] + at - first
            target = table + int.from_bytes(original.bytes[place:place + 2], original.order, signed=True)
            if target % 2 or not first <= target < end:
                break
            behind = min(behind, target) if target > at else behind
            at += 2
        yield table, at


def constants(_, text, theirs):
    """What instructions of SuperH load relative to the program counter."""
    for line in theirs.values():
        match = re.match(r"mov\.([wl])\s+([0-9a-f]+) <", line)
        if match and 0 <= int(match[2], 16) - text["address"] < text["size"]:
            yield int(match[2], 16), int(match[2], 16) + (2 if match[1] == "w" else 4)


# What a disassembly tells of data.
FINDERS = {M68K: jump_tables, SUPERH: constants}


def fill(file, text, ranges, data):
    """Writes no-operations over data; returns the addresses."""
    marks = [(address, mark) for address, _, mark in ranges]
    skipped = set()
    for first, end in (piece for piece in data if piece[0] < piece[1]):
        # The instruction set that the data stands in.
        index = bisect.bisect_right(marks, (first, "~")) - 1
        while index > 0 and marks[index][1] == "d":
            index -= 1
        mark = marks[index][1] if marks[index][1] != "d" else marks[0][1]
        filler = FILLERS.get((file.machine, mark), (None, None))[0 if file.order == "big" else 1]
        end = min(end, text["address"] + text["size"])
        skipped.update(range(first, end))
        if filler is None:
            continue
        offset, size = text["offset"] + first - text["address"], end - first
        whole = size // len(filler) * len(filler)
        file.bytes[offset:offset + whole] = filler * (whole // len(filler))
    return skipped


def their_instructions(path, file):
    theirs = {}
    # All bytes of an instruction have to be on its line.
    width = () if "llvm" in OBJDUMP[0] else ("--insn-width=16",)
    for line in output(*OBJDUMP, "-d", "-z", "-j", ".text", *width, path).splitlines():
        match = re.match(r"\s*([0-9a-f]+):\s+((?:[0-9a-f]{2,8} ?)+)\s*(.*)", line)
        if not match:
            continue
        address, text = int(match[1], 16), match[3].strip()
        if file.machine == RISCV and match[2].strip() in ("0000", "00 00"):
            # The manual defines it as an illegal instruction.
            text = ""
        theirs[address] = text
        if file.machine in X86 and re.match(r"9b d[89a-f]", match[2]) and text != "fwait":
            theirs[address], theirs[address + 1] = "fwait", text
    return theirs


def our_instructions(path, ranges, platform):
    """Ours, piece by piece, each in its instruction set."""
    ours = {}
    for first, end, mark in ranges:
        mode = ("--context", f"TMode={int(mark == 't')}") if mark in "at" else ()
        answer = output(TERRELLA, "disasm", path, "--base", "0", "--range", f"{first:#x}..{end:#x}", "--json",
                        *mode, *platform)
        for line in json.loads(answer or "{}").get("instructions", []):
            ours[int(line["address"], 16)] = line["text"]
    return ours


def joined(ranges):
    """Pieces of the same instruction set as one; data is what surrounds it."""
    answer = []
    for first, end, mark in ranges:
        mark = answer[-1][2] if mark == "d" and answer else mark
        if answer and answer[-1][2] == mark:
            answer[-1] = (answer[-1][0], end, mark)
        else:
            answer.append((first, end, mark))
    return answer


def compare(path, platform=()):
    file = File(path)
    text = file.named(".text")
    if text is None:
        return None
    ranges, data = pieces(file, text)
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, os.path.basename(path))

        def write():
            with open(copy, "wb") as out:
                out.write(file.bytes)

        skipped = fill(file, text, ranges, data)
        write()
        theirs = their_instructions(copy, file)
        # What a table hid may have further ones, or say where it ends.
        tables, original, finder = [], File(path), FINDERS.get(file.machine)
        while finder and tables != (found := sorted(set(finder(original, text, theirs)))):
            tables, file = found, File(path)
            skipped = fill(file, text, ranges, tables)
            write()
            theirs = their_instructions(copy, file)
        parts = joined(ranges)
        if file.machine == XTENSA:
            # A byte is too little for a no-operation.
            gaps = sorted(piece for piece in data if piece[0] < piece[1])
            starts = [text["address"]] + [end for _, end in gaps]
            ends = [first for first, _ in gaps] + [text["address"] + text["size"]]
            parts = [(first, end, "x") for first, end in zip(starts, ends) if first < end]
        ours = our_instructions(copy, parts, platform)
    for instructions in (theirs, ours):
        for address in skipped & instructions.keys():
            del instructions[address]
    unknown = sum(text is None for text in ours.values())
    # `undef` is what the manual of SuperH calls an undefined instruction.
    ours_known = {address for address, text in ours.items() if text not in (None, "undef")}
    theirs_known = {address for address, text in theirs.items() if not NONE.match(text)}
    only_ours = (ours.keys() - theirs.keys()) | (ours_known - theirs_known)
    only_theirs = (theirs.keys() - ours.keys()) | (theirs_known - ours_known)
    return len(theirs), len(ours), unknown, sorted(only_ours), sorted(only_theirs), theirs, ours, len(skipped)


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
    paths, results, platform = sys.argv[1:], None, ()
    while paths[:1] in (["--results"], ["--platform"]):
        if paths[0] == "--results":
            results = paths[1]
        else:
            platform = ("--platform", paths[1])
        paths = paths[2:]
    total, instructions, files = 0, 0, []
    print(f"{'file':28} {'objdump':>8} {'ours':>8} {'not decoded':>12} {'only ours':>10} {'only theirs':>12} {'data':>8}")
    for path in paths:
        result = compare(path, platform)
        if result is None:
            continue
        theirs_count, ours_count, unknown, only_ours, only_theirs, theirs, ours, skipped = result
        total += len(only_ours) + len(only_theirs)
        instructions += len(theirs.keys() | ours.keys())
        files.append(os.path.basename(path))
        print(f"{os.path.basename(path):28} {theirs_count:8} {ours_count:8} {unknown:12} {len(only_ours):10} "
              f"{len(only_theirs):12} {skipped:8}")
        for address in (only_ours + only_theirs)[:3]:
            print(f"    {address:#x}: ours {ours.get(address)!r}, theirs {theirs.get(address)!r}")
    if results and instructions:
        note(results, instructions, total, files)
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
