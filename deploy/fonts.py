"""Cut the fonts that the server hands to screens: dashboard/fonts/*.woff2 and faces.css from Noto Sans CJK.

Run by a maintainer when words have new characters (a test says so) or the font a new version:

    .venv/bin/python deploy/fonts.py --bold /usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc

The regular weight comes from the package whose font the report's PDF has. The bold one is of the same release
(2.004; Debian's fonts-noto-cjk). The same sources give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from noto_cjk_sans_otc import FONT_PATH

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "dashboard/fonts"
WORDS = ROOT / "dashboard/words"
FAMILY = "Gridcommand Sans"
SIMPLIFIED = 2  # the face within the collection
WEIGHTS = {400: "regular", 700: "bold"}

WALL = ("wall", "frame", "heard", "things", "scene", "tour", "units")
"""Files of words that the wall shows."""

EVERYWHERE = re.compile(r"^(nav|loading)")
"""Keys of words, in whatever file, that every page shows."""

CALENDAR = "年月日时分秒周星期一二三四五六上下午"
"""What browsers write in dates."""

HEADS = re.compile(r"title$|^panel[.]|^kpi[.]title|^preparing|^severity[.]1$|^bad[.]|^kpi[.]before|^window")
"""Keys of words that stand in bold letters: what else does (names, mostly) comes with the slices after them."""

REST_AT_ONCE = 520
"""Characters of GB 2312 that share a slice of the rest: 70 KB, so that one rare name costs little."""

LOCAL = {
    400: (
        "Noto Sans SC", "NotoSansSC-Regular", "Noto Sans CJK SC", "NotoSansCJKsc-Regular", "Source Han Sans SC",
        "SourceHanSansSC-Regular", "PingFang SC", "PingFangSC-Regular", "Microsoft YaHei",
    ),
    700: (
        "Noto Sans SC Bold", "NotoSansSC-Bold", "Noto Sans CJK SC Bold", "NotoSansCJKsc-Bold",
        "Source Han Sans SC Bold", "SourceHanSansSC-Bold", "PingFang SC Semibold", "PingFangSC-Semibold",
        "Microsoft YaHei Bold",
    ),
}  # fmt: skip
"""Names by which machines know a Chinese font of theirs: what has one of them fetches nothing."""

SIGNS = "©®°±²³·×÷–—‘’“”…‰※℃←↑→↓↗↘−≈≠≤≥⋯─│■□▣▲△▷▶►▼▽▾◀◁◄◆◇○●◎★☆✓❚➜⏎"


def latin() -> set[str]:
    """Letters, figures and signs of every page, whatever its language."""
    return {chr(n) for n in (*range(0x20, 0x7F), *range(0xA0, 0x180))} | set(SIGNS)


def chinese_signs() -> set[str]:
    """Punctuation of Chinese text."""
    return {chr(n) for n in (*range(0x3000, 0x3020), *range(0xFF01, 0xFF5F), 0xFFE5)}


def said_in(paths: Iterable[Path]) -> set[str]:
    """Chinese characters of files."""
    return {one for path in paths for one in path.read_text(encoding="utf-8") if "\u4e00" <= one <= "\u9fff"}


def gb2312() -> set[str]:
    """The 6763 characters of GB 2312."""
    pairs = (bytes((high, low)) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    return {one for pair in pairs for one in pair.decode("gb2312", "ignore")}


def of_keys(wanted: re.Pattern[str]) -> set[str]:
    """Chinese characters of words whose keys are wanted."""
    files = [tomllib.loads(path.read_text(encoding="utf-8")) for path in WORDS.glob("*.toml")]
    said = (zh for words in files for key, (zh, _) in words.items() if wanted.search(key))
    return {one for zh in said for one in zh if "\u4e00" <= one <= "\u9fff"}


def slices(weight: int) -> list[tuple[str, set[str]]]:
    """(name, characters), what is wanted most first, no character twice."""
    sources = (path for room in ("dispatch", "feeds", "replay", "data") for path in (ROOT / room).rglob("*.*"))
    named = [path for path in sources if path.suffix in (".py", ".toml", ".csv")]
    shown = [*(WORDS / f"{name}.toml" for name in WALL), *(path for path in named if "demo" in path.parts)]
    wanted = [
        ("latin", latin()),
        ("heads", of_keys(HEADS) if weight == 700 else set()),
        ("wall", chinese_signs() | set(CALENDAR) | of_keys(EVERYWHERE) | said_in(shown)),
        ("words", said_in([*WORDS.glob("*.toml"), *(ROOT / "dispatch").glob("*.toml")])),
        ("places", said_in([Path(__file__).with_name("font_places.txt"), *named])),
    ]
    seen: set[str] = set()
    found = []
    for name, characters in wanted:
        if characters - seen:
            found.append((name, characters - seen))
        seen |= characters
    # Parts of the whole, so that a new word changes one of them and not where all begin.
    whole = sorted(gb2312())
    parts = (set(whole[n : n + REST_AT_ONCE]) - seen for n in range(0, len(whole), REST_AT_ONCE))
    return [*found, *((f"rest{n:02}", part) for n, part in enumerate(parts))]


def ranges(characters: Iterable[str], others: set[str]) -> str:
    """The CSS `unicode-range` of characters: short, because it may take in whatever is not in `others`."""
    runs: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        near = runs and code - runs[-1][1] < 0x200
        if near and not any(chr(n) in others for n in range(runs[-1][1] + 1, code)):
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return ",".join(f"U+{first:X}" if first == last else f"U+{first:X}-{last:X}" for first, last in runs)


def cut(source: Path | io.BytesIO, characters: set[str], flavor: str | None) -> bytes:
    """A font file with these characters, with kerning, without hints and the forms of other languages."""
    options = Options(
        flavor=flavor, hinting=False, desubroutinize=True, layout_features=["kern"], name_IDs=[0, 1, 2, 4, 6, 13, 14],
        notdef_outline=True, recalc_timestamp=False,
    )  # fmt: skip
    options.drop_tables += ["BASE", "DSIG", "VORG", "vhea", "vmtx"]
    with TTFont(source, fontNumber=SIMPLIFIED, recalcTimestamp=False) as font:
        has = font.getBestCmap()
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=[ord(one) for one in characters if ord(one) in has])
        subsetter.subset(font)
        for record in list(font["name"].names):
            # The files are ours, cut from Noto's: they carry the name that the pages ask for.
            if record.nameID in (1, 4, 6):
                name = FAMILY.replace(" ", "") if record.nameID == 6 else FAMILY
                font["name"].setName(name, record.nameID, 3, 1, 0x409)
        font.flavor = flavor
        file = io.BytesIO()
        font.save(file)
    return file.getvalue()


def face(weight: int, url: str, covers: str) -> str:
    local = ",".join(f'local("{name}")' for name in LOCAL[weight])
    return (
        f'@font-face{{font-family:"{FAMILY}";font-weight:{weight};font-display:swap;'
        f'src:{local},url("{url}") format("woff2");unicode-range:{covers}}}'
    )


def main() -> None:
    asked = argparse.ArgumentParser(description="cut the fonts that the server hands to screens")
    asked.add_argument("--regular", type=Path, default=Path(FONT_PATH), help="NotoSansCJK-Regular.ttc")
    asked.add_argument("--bold", type=Path, required=True, help="NotoSansCJK-Bold.ttc of the same release")
    said = asked.parse_args()
    OUT.mkdir(exist_ok=True)
    for old in OUT.glob("*.woff2"):
        old.unlink()
    rules: list[str] = []
    for weight, source in ((400, said.regular), (700, said.bold)):
        parts = slices(weight)
        whole = cut(source, set().union(*(characters for _, characters in parts)), None)
        with TTFont(io.BytesIO(whole)) as font:
            drawn = {chr(code) for code in font.getBestCmap()}
        # Of faces that have a character the last one is asked: the rest, whose ranges are rough, stand first.
        for name, characters in reversed(parts):
            others = set().union(*(more for other, more in parts if other != name)) & drawn
            body = cut(io.BytesIO(whole), characters, "woff2")
            file = f"{name}-{WEIGHTS[weight]}.{hashlib.sha256(body).hexdigest()[:12]}.woff2"
            (OUT / file).write_bytes(body)
            covers = ranges(characters & drawn, set() if name.startswith("rest") else others)
            rules.append(face(weight, file, covers))
            print(f"{file}: {len(characters & drawn)} characters, {len(body) / 1024:.0f} KB", flush=True)
    (OUT / "faces.css").write_text("\n".join(rules) + "\n", encoding="utf-8")
    total = sum(path.stat().st_size for path in OUT.glob("*.woff2"))
    print(f"{len(rules)} files, {total / 1024:.0f} KB; faces.css {(OUT / 'faces.css').stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
