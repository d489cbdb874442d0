"""Group mentions into researchers: join the best pair until none reaches the threshold, independent of input order.

Average linkage: the evidence between two groups is the mean over all pairs of their mentions (with a share of that of
the best pair), plus that of the names. So one chance agreement cannot join two large groups. Some pairs are never
joined: incompatible names, different ORCID iDs, two authors of one work.
"""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement, islice
from typing import TYPE_CHECKING

import numpy as np

from indexer.identity.clusters import Cluster, Group, Link, Resolution, make_link
from indexer.identity.compatibility import Verdict
from indexer.identity.cores import by_ids
from indexer.identity.evidence import Part, explained, name_part
from indexer.identity.features import KINDS, Features, evidence_matrices
from indexer.identity.keys import fold_name
from indexer.identity.names import parse_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from indexer.identity.context import Context
    from indexer.identity.mentions import Mention
    from indexer.identity.names import Name
    from indexer.identity.weights import Weights

#: Maximum number of mentions in a matrix. Of larger blocks, groups are represented by some of their mentions.
MAX_MENTIONS = 1_500
#: Maximum number of mentions that represent one group of a larger block.
MAX_REPRESENTATIVES = 40
#: Maximum number of probable duplicates that are listed for one block.
MAX_NEAR = 20
NEVER = -np.inf


def resolve_block(mentions: Sequence[Mention], weights: Weights, context: Context) -> Resolution:
    """Return the clusters of one block. Deterministic, and independent of the order of mentions."""
    if len(mentions) == 1:
        return Resolution((Cluster(tuple(mentions)),))
    groups = [Group([mention], context) for mention in sorted(mentions, key=lambda mention: mention.key)]
    with_ids = by_ids(groups)
    groups, near = agglomerate(with_ids.groups, weights.threshold, context, weights)
    return Resolution(tuple(group.cluster() for group in groups), (*near, *with_ids.questioned))


def agglomerate(
    groups: Sequence[Group], threshold: float, context: Context, weights: Weights
) -> tuple[list[Group], list[Link]]:
    """Join the best pair repeatedly. Return the groups, and the pairs that missed the threshold by at most `review`."""
    groups = sorted(groups, key=lambda group: group.key)
    while len(groups) > MAX_MENTIONS:
        # Too many for one matrix: first those that print the name alike, in parts of the maximum size.
        groups = sorted(groups, key=lambda group: (group.profile.mentions[0].name, group.key))
        parts = [groups[start : start + MAX_MENTIONS] for start in range(0, len(groups), MAX_MENTIONS)]
        joined = [group for part in parts for group in _agglomerated(part, threshold, context, weights)[0]]
        if len(joined) > 0.9 * len(groups):
            return sorted(joined, key=lambda group: group.key), []
        groups = joined
    if len(groups) == 1:
        return groups, []
    return _agglomerated(sorted(groups, key=lambda group: group.key), threshold, context, weights)


def _agglomerated(
    groups: Sequence[Group], threshold: float, context: Context, weights: Weights
) -> tuple[list[Group], list[Link]]:
    linkage = _Linkage(groups, context, weights)
    linkage.run(threshold)
    return linkage.groups(), linkage.near(threshold)


class _Linkage:
    """Sums of evidence between groups: float64[kinds, groups, groups]; a join adds one row and column to another."""

    def __init__(self, groups: Sequence[Group], context: Context, weights: Weights) -> None:
        self._groups: list[Group | None] = list(groups)
        self._context, self._weights = context, weights
        size = len(groups)
        #: Evidence of the names, and whether the forms that agree best differ.
        self._names, self._differs = _compare_names(groups, context, weights)
        self._conflicts = np.zeros((size, size))
        self._allowed = ~np.eye(size, dtype=bool)
        self._forbid(groups)
        self._scores = np.full((size, size), NEVER)
        self._has_pairs = bool(np.isfinite(self._names[~np.eye(size, dtype=bool)]).any())
        if self._has_pairs:
            self._sums, self._counts, self._best = _sums(groups, context, weights)
            for row in range(size):
                self._score(row)

    def _forbid(self, groups: Sequence[Group]) -> None:
        """Forbid pairs on one work, and compare ids."""
        works: dict[str, list[int]] = {}
        ids: dict[str, list[int]] = {}
        for row, group in enumerate(groups):
            for work in group.profile.works:
                works.setdefault(work, []).append(row)
            for scheme in group.profile.ids:
                ids.setdefault(scheme, []).append(row)
        for rows in works.values():
            if len(rows) > 1:
                self._allowed[np.ix_(rows, rows)] = False
        for rows in ids.values():
            for row, other in combinations(rows, 2):
                self._conflict(row, other)

    def _conflict(self, row: int, other: int) -> None:
        one, two = self._group(row), self._group(other)
        cost = self._weights.conflict(one.profile.conflicts(two.profile))
        self._conflicts[row, other] = self._conflicts[other, row] = cost

    def _score(self, row: int) -> None:
        scores = self._without_conflict(row) - self._conflicts[row]
        self._scores[row] = self._scores[:, row] = np.round(np.where(self._allowed[row], scores, NEVER), 4)

    def _without_conflict(self, row: int) -> NDArray[np.float64]:
        """Return the scores of a group and all others, as if no ids differed and all pairs were allowed."""
        share = self._weights.best
        evidence = (1 - share) * self._sums[:, row].sum(axis=0) / self._counts[row]
        scores = evidence + share * self._best[:, row].sum(axis=0) + self._names[row]
        result: NDArray[np.float64] = scores - self._weights.unproven * self._is_unproven(row)
        return result

    def _is_unproven(self, row: int) -> NDArray[np.bool_]:
        """Return where names differ, and neither a co-author nor an institution is shared."""
        is_proven = (self._sums[_COAUTHORS, row] > 0) | (self._sums[_INSTITUTIONS, row] > 0)
        result: NDArray[np.bool_] = self._differs[row] & ~is_proven
        return result

    def run(self, threshold: float) -> None:
        """Join until the best pair is below the threshold."""
        while True:
            best = int(self._scores.argmax())
            a, b = sorted(divmod(best, len(self._groups)))
            if self._scores[a, b] < threshold:
                return
            self._join(a, b)

    def _join(self, a: int, b: int) -> None:
        """Join two groups in the row of the first; the row of the second is no longer used."""
        one, two = self._group(a), self._group(b)
        self._groups[a] = one.joined(two, self._link(a, b))
        self._groups[b] = None
        is_better = self._best[:, a].sum(axis=0) >= self._best[:, b].sum(axis=0)
        self._best[:, a] = np.where(is_better, self._best[:, a], self._best[:, b])
        self._best[:, :, a] = self._best[:, a]
        self._sums[:, a] += self._sums[:, b]
        self._sums[:, :, a] += self._sums[:, :, b]
        self._counts[a] += self._counts[b]
        self._counts[:, a] += self._counts[:, b]
        self._allowed[a] &= self._allowed[b]
        self._allowed[:, a] = self._allowed[a]
        self._allowed[b] = self._allowed[:, b] = False
        self._join_names(a, b)
        self._scores[b] = self._scores[:, b] = NEVER
        joined = self._group(a)
        if joined.profile.ids:
            for other, group in enumerate(self._groups):
                if group is not None and other != a:
                    self._conflict(a, other)
        self._score(a)

    def _join_names(self, a: int, b: int) -> None:
        """Keep the better evidence of two groups' names; a third name must be compatible with both."""
        one, two = self._names[a], self._names[b]
        self._differs[a] = self._differs[:, a] = np.where(one >= two, self._differs[a], self._differs[b])
        self._names[a] = self._names[:, a] = np.where(np.isfinite(one) & np.isfinite(two), np.maximum(one, two), NEVER)

    def _group(self, row: int) -> Group:
        group = self._groups[row]
        assert group is not None  # noqa: S101 (rows of joined groups are not allowed)
        return group

    def _link(self, a: int, b: int) -> Link:
        one, two = self._group(a), self._group(b)
        names = one.profile.compare(two.profile)
        parts = [name_part(names, self._context, self._weights)]
        share = self._weights.best
        values = (1 - share) * self._sums[:, a, b] / self._counts[a, b] + share * self._best[:, a, b]
        parts += explained(one.profile, two.profile, values, self._context)
        if self._conflicts[a, b]:
            parts.append(Part("conflict", -self._conflicts[a, b], tuple(one.profile.conflicts(two.profile))))
        if self._is_unproven(a)[b]:
            parts.append(Part("unproven", -self._weights.unproven))
        score = float(self._scores[a, b])
        if not self._allowed[a, b]:
            score = round(float(self._without_conflict(a)[b] - self._conflicts[a, b]), 4)
            parts.append(Part("listed twice", 0.0, tuple(sorted(one.profile.works & two.profile.works))))
        return make_link(one, two, score, tuple(parts))

    def groups(self) -> list[Group]:
        """Return the current groups, ordered by key."""
        return sorted((group for group in self._groups if group is not None), key=lambda group: group.key)

    def near(self, threshold: float) -> list[Link]:
        """Return the links of pairs that just missed the threshold, best first.

        They include pairs that only the ids of an algorithm keep apart, and namesakes on one work, which may be one
        person who is listed twice.
        """
        present = [row for row, group in enumerate(self._groups) if group is not None]
        if len(present) < 2 or not self._has_pairs:
            return []
        scores = np.full(self._names.shape, NEVER)
        for row in present:
            is_certain = self._conflicts[row] > self._weights.other_automatic_id
            score = self._without_conflict(row) - np.where(is_certain, self._conflicts[row], 0.0)
            scores[row, present] = score[present]
        rows, columns = np.nonzero(np.triu(np.round(scores, 4) >= threshold - self._weights.review, 1))
        order = np.lexsort((columns, rows, -scores[rows, columns]))
        pairs = ((int(rows[item]), int(columns[item])) for item in order)
        listed = islice((pair for pair in pairs if self._allowed[pair] or self._is_listed_twice(*pair)), MAX_NEAR)
        return sorted(
            (self._link(*pair) for pair in listed), key=lambda link: (-link.score, link.left.key, link.right.key)
        )

    def _is_listed_twice(self, a: int, b: int) -> bool:
        """Return whether two groups, which share works, have the same whole name on each of them."""
        names: dict[str, set[str]] = {}
        one, two = self._group(a), self._group(b)
        for mention in (*one.profile.mentions, *two.profile.mentions):
            if mention.work.id in one.profile.works and mention.work.id in two.profile.works:
                names.setdefault(mention.work.id, set()).add(fold_name(mention.name))
        return all(len(printed) == 1 and not parse_name(*printed).is_initialed for printed in names.values())


_COAUTHORS, _INSTITUTIONS = KINDS.index("coauthors"), KINDS.index("institutions")


def _compare_names(
    groups: Sequence[Group], context: Context, weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the evidence of the names of all pairs of groups, -inf where incompatible, and where they differ."""
    distinct: dict[frozenset[Name], int] = {}
    rows = [distinct.setdefault(group.profile.names, len(distinct)) for group in groups]
    profiles = [groups[rows.index(index)].profile for index in range(len(distinct))]
    values = np.full((len(profiles), len(profiles)), NEVER)
    differs = np.zeros(values.shape, bool)
    for (a, one), (b, two) in combinations_with_replacement(enumerate(profiles), 2):
        if names := one.compare(two):
            part = name_part(names, context, weights)
            values[a, b] = values[b, a] = part.value
            differs[a, b] = differs[b, a] = part.facts[0] > Verdict.TRANSLITERATED
    return values[np.ix_(rows, rows)], differs[np.ix_(rows, rows)]


def _sums(
    groups: Sequence[Group], context: Context, weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the sums of evidence between groups, the numbers of pairs, and the evidence of the best pair.

    Sums and best pairs are float64[kinds, groups, groups].
    """
    mentions, starts = _representatives(groups)
    matrices = evidence_matrices(Features(mentions, context), weights)
    sums = np.add.reduceat(np.add.reduceat(matrices.astype(np.float64), starts, axis=1), starts, axis=2)
    sizes = np.diff([*starts, len(mentions)]).astype(np.float64)
    return sums, np.outer(sizes, sizes), _best_pairs(matrices, starts, sizes)


def _best_pairs(
    matrices: NDArray[np.float32], starts: Sequence[int], sizes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the evidence of the pair of mentions with the highest sum for each pair of groups."""
    if (sizes == 1).all():
        return matrices.astype(np.float64)
    totals = matrices.sum(axis=0)
    best = np.empty((len(matrices), len(starts), len(starts)))
    ends = [*starts[1:], len(totals)]
    for a, (start, end) in enumerate(zip(starts, ends, strict=True)):
        for b, (low, high) in enumerate(zip(starts, ends, strict=True)):
            row, column = divmod(int(totals[start:end, low:high].argmax()), high - low)
            best[:, a, b] = matrices[:, start + row, low + column]
    return best


def _representatives(groups: Sequence[Group]) -> tuple[list[Mention], list[int]]:
    """Return the mentions of all groups and where each group starts; of large groups in large blocks evenly some."""
    total = sum(len(group.profile.mentions) for group in groups)
    most = total if total <= MAX_MENTIONS else min(MAX_REPRESENTATIVES, max(1, MAX_MENTIONS // len(groups)))
    mentions: list[Mention] = []
    starts: list[int] = []
    for group in groups:
        starts.append(len(mentions))
        own = group.profile.mentions
        step = max(1.0, len(own) / most)
        mentions += [own[int(index * step)] for index in range(min(len(own), most))]
    return mentions, starts
