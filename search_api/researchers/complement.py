"""Whom a team lacks for a text: experts on the parts of the text that no member of the team is as good at.

The text is split into aspects. Each is searched as a separate text (`experts`), so the members and everyone else have
comparable scores for it. A researcher adds the amount by which their score exceeds that of the best member, averaged
over the aspects: the marginal gain of facility location, a submodular function of coverage (Krause & Golovin 2014).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from search_api.http.paging import WINDOW, Pagination
from search_api.researchers.documents import canonical_ids, read, refuse_unknown
from search_api.researchers.experts import Expert, experts, serialize_experts, sort_experts
from search_api.researchers.rank import conflicts
from search_api.retrieval import ranking
from search_api.retrieval.listing import envelope, noting_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_api.http.services import Services

Result = dict[str, Any]

#: Aspects of a text; each is searched twice, which takes some 100 ms over 97,000 works.
MAX_ASPECTS = 5
#: Gains that the reasons of a result list.
GAINS = 3
#: Share of a researcher's greatest gain that another one needs to be listed.
SHARE = 0.2

#: Ends of sentences, and of phrases, in a line with single spaces.
_SENTENCES = re.compile(r"(?<=[.!?;]) ")
_PHRASES = re.compile(r", (?:and )?| and ")


class Aspect(NamedTuple):
    """A part of a text, the best member of the team for it with their score, and everyone's scores by id."""

    text: str
    member: Expert | None
    others: Mapping[str, Expert]

    @property
    def covered(self) -> float:
        """The score of the best member, in [0, 1]; 0 if no member's works match."""
        return self.member.score if self.member else 0.0

    def gain(self, id_: str) -> float:
        """Return what a researcher adds to the team on this aspect, in [0, 1]."""
        return max(0.0, self.others[id_].score - self.covered) if id_ in self.others else 0.0


def split_aspects(text: str, most: int = MAX_ASPECTS) -> list[str]:
    """Return the sentences of a text, or the phrases of a single one; neighbours are joined to `most`."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    parts = [part for line in lines for part in _SENTENCES.split(line) if part]
    if len(parts) == 1 and len(phrases := [part for part in _PHRASES.split(parts[0]) if part]) > 1:
        parts = phrases
    return parts if len(parts) <= most else _joined(parts, most)


def _joined(parts: Sequence[str], most: int) -> list[str]:
    """Return consecutive parts joined to at most `most` texts of similar length."""
    groups: list[list[str]] = [[] for _ in range(most)]
    total, before = sum(map(len, parts)), 0
    for part in parts:
        groups[before * most // total].append(part)
        before += len(part)
    return [" ".join(group) for group in groups if group]


def complement(services: Services, args: Mapping[str, Any], body: Mapping[str, Any]) -> Result:
    """Return researchers by what they add to a team, as `schemas.ComplementBody` describes.

    `meta.aspects` states how well the team covers each part of the text. Raises Problem (422) if no member is known.
    """
    named = ("team", "exclude", "exclude_collaborators_of")
    ids, unknown = canonical_ids(services, {name: body[name] or [] for name in named})
    if not ids["team"]:
        refuse_unknown({"team": unknown["team"]})
    excluded = {*ids["team"], *ids["exclude"], *conflicts(services, ids["exclude_collaborators_of"])}
    vectors = {text: services.embed_query(text) for text in split_aspects(body["text"])}
    aspects = [_aspect(services, text, vector, ids["team"]) for text, vector in vectors.items()]
    everyone = {id_ for aspect in aspects for id_ in aspect.others} - excluded
    added = sort_experts([expert for id_ in everyone if (expert := _added(id_, aspects)).score > 0])[:WINDOW]
    stored = read(services, services.names.researchers, [expert.id for expert in added], {"includes": ["id"]})
    ranked = [expert for expert in added if expert.id in stored]
    pagination = Pagination(args["page"], args["per_page"])
    results = serialize_experts(services, ranked[pagination.offset : pagination.offset + pagination.per_page])
    for result in results:
        result["adds"] = _gains(result["id"], aspects)
    is_degraded = any(vector is None for vector in vectors.values())
    answer = envelope(
        results,
        count=len(ranked),
        count_relation="gte" if len(added) == WINDOW else "eq",
        pagination=pagination,
        mode="keyword" if is_degraded else "hybrid",
        degraded=["semantic"] if is_degraded else [],
        notes={"aspects": [_to_result(aspect) for aspect in aspects]},
    )
    return noting_unknown(answer, unknown)


def _aspect(services: Services, text: str, vector: Any, team: Sequence[str]) -> Aspect:
    members = [expert for expert in experts(services, text, vector, team) if expert.score > 0]
    return Aspect(text, members[0] if members else None, {one.id: one for one in experts(services, text, vector)})


def _added(id_: str, aspects: Sequence[Aspect]) -> Expert:
    """Return a researcher with their mean gain, and their works that match the aspects on which they add most."""
    works: dict[str, float] = {}
    for aspect in sorted(aspects, key=lambda aspect: -aspect.gain(id_)):
        if aspect.gain(id_) > 0:
            for work, score in aspect.others[id_].works:
                works.setdefault(work, score)
    gain = sum(aspect.gain(id_) for aspect in aspects) / len(aspects)
    return Expert(id_, gain, tuple(works.items())[: ranking.SUPPORTING_WORKS])


def _gains(id_: str, aspects: Sequence[Aspect]) -> list[Result]:
    least = max(1e-9, SHARE * max(aspect.gain(id_) for aspect in aspects))
    best = sorted((aspect for aspect in aspects if aspect.gain(id_) >= least), key=lambda aspect: -aspect.gain(id_))
    return [{"text": aspect.text, "gain": aspect.gain(id_)} for aspect in best[:GAINS]]


def _to_result(aspect: Aspect) -> Result:
    return {"text": aspect.text, "covered": aspect.covered, "member": aspect.member.id if aspect.member else None}
