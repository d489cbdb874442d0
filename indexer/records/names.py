"""Names of authors: placeholders such as `Anonymous`, and the order of Chinese, Japanese and Korean names."""

from __future__ import annotations

import re

#: Placeholders in lower case, without spaces and punctuation.
_PLACEHOLDERS = """
anon anonym anonyma anonyme anonymous anonymousauthor anonymus authorsunknown authorunknown etal namenotavailable nn
noauthor noauthorgiven noauthorlisted noauthorname noauthornameavailable noauthornamegiven noauthors noauthorslisted
noname none notavailable nomennescio notgiven notspecified null others sinenomine sn tba tbc tbd unbekannt undefined
unknown unknownauthor unknownauthors various variousauthors verschiedene
"""
_NOT_NAMES = frozenset(_PLACEHOLDERS.split())
#: Scripts in which a name is written without a space, family name first; the range of a character class.
EAST_ASIAN = r"\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_SPACED = re.compile(rf"[{EAST_ASIAN}]+(?:\s+[{EAST_ASIAN}]+)+")
#: Frequent family names of one letter in Chinese, in both scripts, and in Korean.
_FAMILY_NAMES = frozenset(
    "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭吕呂"
    "苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬"
    "段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔朴柳"
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원"
)
_LONG_FAMILY_NAMES = frozenset(
    re.findall(r"\w\w", "欧阳歐陽司马司馬上官诸葛諸葛司徒夏侯皇甫尉迟公孙令狐慕容端木남궁황보제갈선우")
)


def is_placeholder(name: str) -> bool:
    """Return whether a printed name stands for an unknown author: `N.N.`, `[s.n.]`, `No author listed`."""
    folded = name.casefold()
    # A single `Na` is a name; `N/A` and `n.a.` are not.
    return re.sub(r"[\W_]+", "", folded) in _NOT_NAMES or re.fullmatch(r"\W*n[./]\s*a[.]?\W*", folded) is not None


def starts_with_family_name(name: str) -> bool:
    """Return whether a Chinese or Korean name begins with a frequent family name."""
    return name[:1] in _FAMILY_NAMES or name[:2] in _LONG_FAMILY_NAMES


def in_own_order(name: str) -> str:
    """Return a Chinese, Japanese or Korean name without spaces, family name first; other names unchanged.

    `洋 刘` is turned round, because its last word alone is a frequent family name.
    """
    if not _SPACED.fullmatch(name):
        return name
    words = name.split()
    is_last, is_first = (word in _FAMILY_NAMES or word in _LONG_FAMILY_NAMES for word in (words[-1], words[0]))
    return "".join([words[-1], *words[:-1]] if is_last and not is_first else words)
