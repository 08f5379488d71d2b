"""Colours of facilities, fields and runs are told apart by every kind of colour vision, and in grey by more."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from relending import policy
from relending.report.pictures.colours import colours_of, grey, palette, shades

# What a screen's red, green and blue (linear) look like to those who lack one kind of cone, as matrices: G. M. Machado,
# M. M. Oliveira, L. A. F. Fernandes, A physiologically-based model for simulation of color vision deficiency, 2009,
# severity 1.
VISION = {
    "full": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
LEAST = 15.0
"""Distance in CIE L*a*b* (1976); from about 2.3 on a difference is seen side by side, from 10 on at a glance."""


def lab(colour: str, vision: str) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(VISION[vision]) @ linear, 0, 1)
    xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    t = (xyz @ seen) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: str, other: str, vision: str) -> float:
    return float(np.linalg.norm(lab(one, vision) - lab(other, vision)))


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("kind", ["facility", "field"])
def test_colours_of_a_kind_are_told_apart(kind: str, vision: str) -> None:
    given = palette()[kind]
    for (a, one), (b, other) in itertools.combinations(given.items(), 2):
        assert distance(one, other, vision) >= LEAST, (a, b)


@pytest.mark.parametrize("vision", VISION)
def test_colours_of_runs_and_spare_ones_are_told_apart(vision: str) -> None:
    for one, other in itertools.combinations(palette()["runs"]["colours"], 2):
        assert distance(one, other, vision) >= LEAST, (one, other)
    for one, other in itertools.pairwise(palette()["spare"]["colours"]):
        assert distance(one, other, vision) >= LEAST, (one, other)


def test_every_shipped_facility_and_field_has_its_colour() -> None:
    assert set(palette()["facility"]) == set(policy.facilities())
    assert set(palette()["field"]) >= {f.id for f in policy.fields().values()}


def test_ids_nobody_knows_take_spare_colours_in_their_order() -> None:
    found = colours_of("facility", ["mine", "cerf", "yours"])
    assert found["cerf"] == palette()["facility"]["cerf"]
    assert len(set(found.values())) == 3 and found == colours_of("facility", ["mine", "cerf", "yours"])
    many = colours_of("field", [f"f{i}" for i in range(30)])
    assert len(many) == 30 and all(c.startswith("#") for c in many.values())


@pytest.mark.parametrize("count", [2, 8, 12])
def test_shades_go_from_light_to_dark(count: int) -> None:
    for colour in palette()["facility"].values():
        light = [float(lab(c, "full")[0]) for c in shades(colour, count)]
        assert light == sorted(light, reverse=True) and len(set(light)) == count


def test_what_colour_tells_grey_tells_too() -> None:
    for kind in ("dashes", "markers", "hatches"):
        known = palette()["grey"][kind]
        assert len(set(known)) == len(known) >= 4
        assert grey(kind, len(known)) == known[0]
