"""Invented names: the district, its towns with their centres, its communities."""

from __future__ import annotations

from dataclasses import dataclass

COUNTY = "990101"
"""County prefix. 99 is no province of GB/T 2260, so no real code can be met."""

DISTRICT_CODE = COUNTY + "000000"
DISTRICT, DISTRICT_EN = "云岚区", "Yunlan District"

NOTICE = {
    "zh": "演示数据：虚构区县“云岚区”，事件与办理均由模拟器生成",
    "en": "Demonstration data: the invented district of Yunlan, events and the work on them come from a simulator",
}


@dataclass(frozen=True, slots=True)
class Town:
    """A town as planned: GB/T 2260 township part (001-099 street, 100-199 town), names, centre in km, weight.

    `pull` scales how far the town reaches when the land is divided.
    """

    part: str
    name: str
    name_en: str
    centre: tuple[float, float]
    pull: float

    @property
    def code(self) -> str:
        return f"{COUNTY}{self.part}000"

    @property
    def urban(self) -> bool:
        return self.part < "100"

    @property
    def short(self) -> str:
        return self.name.removesuffix("街道").removesuffix("镇")

    @property
    def short_en(self) -> str:
        return self.name_en.split(" ")[0]


TOWNS: tuple[Town, ...] = (
    Town("001", "东湖街道", "Donghu Subdistrict", (3.5, 1.5), 0.72),
    Town("002", "西塘街道", "Xitang Subdistrict", (-1.6, 0.2), 0.72),
    Town("003", "临江街道", "Linjiang Subdistrict", (1.9, -3.8), 0.86),
    Town("100", "枫渡镇", "Fengdu Town", (-13.2, 7.4), 1.0),
    Town("101", "兰圩镇", "Lanwei Town", (-3.6, 10.4), 0.92),
    Town("102", "柳堰镇", "Liuyan Town", (6.9, 10.3), 0.92),
    Town("103", "云港镇", "Yungang Town", (15.2, 5.6), 1.0),
    Town("104", "沙屿镇", "Shayu Town", (15.6, -5.2), 1.02),
    Town("105", "石舫镇", "Shifang Town", (-14.4, -3.4), 1.0),
    Town("106", "禾丰镇", "Hefeng Town", (-7.9, -9.4), 0.9),
)

URBAN_CENTRE = (1.3, -0.6)
"""Centre of the county seat, km."""

_FIRST = (
    ("桥", "Qiao"), ("河", "He"), ("塘", "Tang"), ("柳", "Liu"), ("竹", "Zhu"), ("松", "Song"), ("梅", "Mei"),
    ("荷", "He"), ("枫", "Feng"), ("桂", "Gui"), ("石", "Shi"), ("沙", "Sha"), ("云", "Yun"), ("新", "Xin"),
    ("和", "He"), ("兴", "Xing"), ("永", "Yong"), ("明", "Ming"), ("长", "Chang"), ("平", "Ping"),
)  # fmt: skip
_SECOND = (
    ("北", "bei"), ("南", "nan"), ("园", "yuan"), ("湾", "wan"), ("庄", "zhuang"), ("港", "gang"), ("丰", "feng"),
    ("安", "an"), ("泽", "ze"), ("岸", "an"), ("家", "jia"), ("里", "li"), ("宁", "ning"),
)  # fmt: skip


def community_name(number: int, *, urban: bool) -> tuple[str, str]:
    """Chinese and English name of the number-th community of the district; distinct for 0..259."""
    a, a_en = _FIRST[number % len(_FIRST)]
    b, b_en = _SECOND[(number // len(_FIRST) + 5 * number) % len(_SECOND)]
    return (f"{a}{b}社区", f"{a_en}{b_en} Community") if urban else (f"{a}{b}村", f"{a_en}{b_en} Village")
