"""`Location.near`: places around a point. Source: FHIR R4 location.html#positional."""

from __future__ import annotations

import math

from benhan.fhir.search_criteria import Criterion
from benhan.fhir.search_values import NearValue, Prefix
from benhan.store.search.expressions import Candidate, Checked, Comparison, Expression, InRanges, all_of, any_of

EARTH_M = 6_371_008.8
_DEGREE_M = EARTH_M * math.pi / 180


def near(criterion: Criterion) -> Expression:
    """Within the distance on the sphere; the index narrows to a box around the point."""
    path = criterion.parameter.paths[0]
    return any_of([_around(value, path) for value in criterion.values if isinstance(value, NearValue)])


def _around(value: NearValue, path: str) -> Expression:
    def check(candidate: Candidate) -> bool:
        position = candidate.plain.get("position", {})
        if "latitude" not in position or "longitude" not in position:
            return False
        return distance_m(value, float(position["latitude"]), float(position["longitude"])) <= value.metres

    return Checked(all_of(_box(value, path)), check)


def _box(value: NearValue, path: str) -> list[Expression]:
    """Latitude and, away from the poles and the line where longitudes jump, longitude."""
    up = value.metres / _DEGREE_M + 1e-6
    box = [_between(f"{path}.latitude", value.latitude - up, value.latitude + up)]
    top = abs(value.latitude) + up
    if top < 89:
        across = up / math.cos(math.radians(top))
        if abs(value.longitude) + across < 180:
            box.append(_between(f"{path}.longitude", value.longitude - across, value.longitude + across))
    return box


def _between(key: str, low: float, high: float) -> Expression:
    return InRanges((key,), Comparison(Prefix.AP, low, high, (low + high) / 2, closed=True))


def distance_m(value: NearValue, latitude: float, longitude: float) -> float:
    """The way between two points on the sphere (haversine)."""
    one, other = math.radians(value.latitude), math.radians(latitude)
    across = math.radians(longitude - value.longitude)
    half = math.sin((other - one) / 2) ** 2 + math.cos(one) * math.cos(other) * math.sin(across / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, half)))
