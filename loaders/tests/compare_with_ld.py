#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Links the library.o fixtures with an independent linker, with every section
where our layout puts it, and compares the bytes with ours.

    compare_with_ld.py IMAGE LLD [PLATFORM ...]

IMAGE is the built example `image`; LLD the words of an ELF lld (for example
`ld.lld`). The GNU linkers of m68k, ppc64 and sparc are taken from the path.
"""
import pathlib, re, subprocess, sys, tempfile

BASE = 0x400000
LIBRARY = pathlib.Path(__file__).resolve().parents[2] / "tests/fixtures/library"
GNU = {"m68k": ["m68k-linux-gnu-ld"], "ppc64": ["powerpc64-linux-gnu-ld"],
       "sparc": ["sparc64-linux-gnu-ld", "-m", "elf32_sparc"], "sparc64": ["sparc64-linux-gnu-ld"]}


def sections(file):
    """(index, name, type, address, offset, size, flags, align) of each section."""
    text = subprocess.run(["readelf", "-SW", file], capture_output=True, text=True).stdout
    pattern = r"\[ *(\d+)\] (\S*) +(\S+) +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) [0-9a-f]+ +([A-Za-z]*) +\d+ +\d+ +(\d+)"
    for match in re.finditer(pattern, text):
        number, name, kind, address, offset, size, flags, align = match.groups()
        yield (int(number), name, kind, int(address, 16), int(offset, 16), int(size, 16), flags, int(align))


def layout(file, page):
    """Our addresses, computed a second time."""
    def group(flags):
        if "A" not in flags or "E" in flags:
            return None
        return 0 if "X" in flags else 2 if "W" in flags else 1
    at, result = 0, []
    for wanted in range(3):
        at = -(-at // page) * page
        for zeroed in (False, True):
            for section in sections(file):
                if group(section[6]) == wanted and (section[2] == "NOBITS") == zeroed:
                    align = max(section[7], 1)
                    at = -(-at // align) * align
                    result.append((section[1], BASE + at, section[5]))
                    at += section[5]
    return result


def compare(platform, image, lld, scratch):
    file = LIBRARY / f"{platform}.o"
    page = 0x2000 if platform.startswith("sparc") else 0x1000
    for page in (0x1000, 0x2000, 0x4000, 0x10000, 16, 1):
        places = layout(file, page)
        out = scratch / f"{platform}.{page}"
        out.mkdir()
        run = subprocess.run([image, file, hex(BASE), out], capture_output=True, text=True)
        if run.returncode:
            return f"ours failed: {run.stderr.strip()}"
        ours = {int(part.name, 16): part.read_bytes() for part in out.iterdir()}
        starts = {places[0][1]} | {address for _, address, size in places if size}
        if all(start in starts for start in ours if start < BASE + 0x100000 and start in starts) and \
                sum(start in starts for start in ours) == len([s for s in ours]):
            break
    script = scratch / f"{platform}.ld"
    lines = "".join(f"  {name} {address:#x} : {{ *({name}) }}\n" for name, address, size in places if size)
    if platform.startswith("ppc64"):  # our table-of-contents pointer is relative to .toc
        written = {section[1] for section in sections(file) if "W" in section[6]}
        toc = next((address for name, address, _ in places if name in written), None)
        lines = (f"  .got {toc:#x} : {{ *(.got) }}\n" if toc else "") + lines
    script.write_text("SECTIONS {\n" + lines + "}\n")
    linked = scratch / f"{platform}.elf"
    command = GNU.get(platform, lld) + ["--no-relax", "-T", script, "-e", "0", file, "-o", linked]
    if platform not in GNU:
        command[len(lld):len(lld)] = ["-O0", "--threads=1", "--no-check-sections", "--no-toc-optimize", "-z", "norelro"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        return f"ld failed: {run.stderr.strip()[:300]}"
    data, different, compared = linked.read_bytes(), [], 0
    placed = {name: (address, size) for name, address, size in places if size}
    for _, name, kind, address, offset, size, flags, _ in sections(linked):
        if name not in placed or kind == "NOBITS" or name in (".MIPS.abiflags", ".reginfo", ".MIPS.options"):
            continue
        if name == ".ARM.exidx":  # lld adds an entry at the end
            size = placed[name][1]
        if placed[name] != (address, size):
            different.append(f"{name}: ld has {size:#x} bytes at {address:#x}, not {placed[name]}")
            continue
        start = max((first for first in ours if first <= address), default=None)
        mine = ours[start][address - start:address - start + size] if start is not None else b""
        theirs = data[offset:offset + size]
        compared += size
        wrong = [index for index in range(size) if mine[index:index + 1] != theirs[index:index + 1]]
        if wrong:
            at = wrong[0] & ~3
            different.append(f"{name}: {len(wrong)} bytes, first at {address + wrong[0]:#x}: "
                             f"ours {mine[at:at + 8].hex()}, ld {theirs[at:at + 8].hex()}")
    return "; ".join(different) or f"equal, {compared} bytes"


def main():
    image, lld, *platforms = sys.argv[1:]
    platforms = platforms or sorted(path.stem for path in LIBRARY.glob("*.o"))
    with tempfile.TemporaryDirectory() as scratch:
        for platform in platforms:
            print(f"{platform}: {compare(platform, image, lld.split(), pathlib.Path(scratch))}")


main()
