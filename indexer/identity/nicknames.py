"""Short forms of given names.

Only common forms are listed, and no rule guesses others (`Xiao` is not a short form of `Xiaolei`). A pair in one line
makes two names compatible; it never joins two people without evidence.
"""

from __future__ import annotations

#: Names in one line are forms of each other. A name may be in several lines (`Alex`, `Pat`).
_FAMILIES = """
abe abraham
al albert
al alan
al alfred
alex alexander aleksandr aleksander alexandre alessandro sasha sascha
alex alexandra sasha
alex alexis
andy andrew andreas
ann anne anna annie
art arthur
barb barbara
becky rebecca
ben benjamin benny
ben bernard
bert albert
beth betty elizabeth liz lisa eliza
bill william will billy willy
bob robert rob bobby robin
brad bradley
cathy kathy catherine katherine kate kathleen cathleen katharine katie kathryn
charlie charles chuck
chris christopher christoph christophe kris
chris christian kris
chris christine christina kris
cindy cynthia
dan daniel danny
dave david
deb debbie deborah
dick richard rick rich
don donald
doug douglas
ed edward eddie ted
ed edwin
ed edgar
fran francis frank
fran frances
fred frederick frederic frederik friedrich
gabe gabriel
gene eugene
geoff jeff geoffrey jeffrey
gerry jerry gerald gerard
greg gregory
hal harold
hank henry harry
jack john johnny jon
jackie jacqueline
jake jacob
jan johannes
jamie jim jimmy james
jen jenny jennifer
jess jessica
jo joanne joanna
joe joseph
jon jonathan
josh joshua
judy judith
ken kenneth kenny
larry lawrence laurence
len leonard
lou louis
maggie peggy margaret meg
marc mark marcus
marty martin
matt matthew mathew
max maximilian
max maxim
mel melvin
mike michael mick mikhail
mitch mitchell
nate nathan nathaniel
nick nicholas nicolas nikolaus nicolaus
pam pamela
pat patrick
pat patricia patty trish
pete peter
phil philip phillip
ray raymond
ron ronald
russ russell
sam samuel
sam samantha
sandy sandra
steve steven stephen
sue susan suzanne susie
ted theodore theo
terry terence terrence
tim timothy
toby tobias
tom thomas tommy
tony anthony antonio antoine
val valentin
vic victor viktor
vicky victoria
vince vincent
walt walter
wes wesley
zach zack zachary
"""


def _table() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for line in _FAMILIES.split("\n"):
        family = line.split()
        for name in family:
            table.setdefault(name, set()).update(family)
    return {name: frozenset(others - {name}) for name, others in table.items()}


NICKNAMES = _table()


def are_nicknames(a: str, b: str) -> bool:
    """Return whether two folded given names are forms of each other: `bob` and `robert`."""
    return b in NICKNAMES.get(a, ())
