"""One function turns integers into figures for people, exactly as far as a double can."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relending.engine.convert import SCALES, nearest_double, to_user
from relending.runfolder.tables import empty_frame, step_frame, tables

# Left alone, hypothesis hardly draws integers beyond 2**53, where one rounding is not the same as two.
beyond = st.floats(0, 1).map(lambda x: 2**53 + int(x * (2**63 - 2**53 - 1024)) | 1)
anything = st.one_of(st.integers(-(2**63) + 1, 2**63 - 1), beyond, beyond.map(lambda v: -v))


@given(st.lists(anything, max_size=8), st.sampled_from([2, 3, 6, 8]))
def test_a_figure_is_the_double_nearest_to_the_exact_decimal(values: list[int], decimals: int) -> None:
    found = nearest_double(np.array(values, np.int64), decimals)
    assert found.tolist() == [float(Decimal(v).scaleb(-decimals)) for v in values]


@pytest.mark.parametrize(("value", "decimals"), [(2**53 + 1, 2), (2**62 + 12345, 6), (10**18 - 1, 8)])
def test_the_largest_figures_are_rounded_once(value: int, decimals: int) -> None:
    assert nearest_double(np.array([value, -value]), decimals).tolist() == [
        value / 10**decimals,
        -value / 10**decimals,
    ]  # Python divides integers with one rounding


def test_every_unit_is_dropped_and_scaled() -> None:
    frame = step_frame(
        pa.table(
            {
                "principal_fen": [123],
                "reduction_g": [1_500_000],
                "rate_ppm": [17500],
                "share_e8": [12345678],
                "subsidy_per_tonne_e6": [-2_500_000],
                "capacity_kw": [49_500],
                "output_kwh": [1_234],
                "spread_bp": [50],
                "projects": [7],
            }
        )
    )
    assert to_user(frame).to_dict("records") == [
        {
            "principal": 1.23,
            "reduction": 1.5,
            "rate": 0.0175,
            "share": 0.12345678,
            "subsidy_per_tonne": -2.5,
            "capacity_mw": 49.5,
            "output_mwh": 1.234,
            "spread_bp": 50,
            "projects": 7,
        }
    ]
    assert set(SCALES) == {"_fen", "_g", "_ppm", "_e8", "_e6", "_kw", "_kwh"}


def test_what_is_empty_is_nan_nat_or_an_empty_text() -> None:
    frame = step_frame(
        pa.table(
            {
                "amount_fen": pa.array([None, 1], pa.int64()),
                "row": pa.array([2, None], pa.int64()),
                "date": pa.array([None, 1], pa.int32()).cast(pa.date32()),
                "sheet": pa.array([None, "甲"]),
                "eligible": [True, False],
            }
        )
    )
    user = to_user(frame)
    assert [str(t) for t in user.dtypes] == ["float64", "float64", "datetime64[s]", "str", "bool"]
    assert np.isnan(user["amount"][0]) and user["amount"][1] == 0.01
    assert user["row"][0] == 2 and np.isnan(user["row"][1])
    assert user["date"].isna().tolist() == [True, False] and user["date"][1] == pd.Timestamp("1970-01-02")
    assert user["sheet"].tolist() == ["", "甲"] and user["eligible"].tolist() == [True, False]


@pytest.mark.parametrize("name", list(tables()))
def test_every_table_converts_without_rows_and_has_the_names_of_its_file(name: str) -> None:
    frame = empty_frame(name, 2)
    user = to_user(frame)
    assert not [c for c in user.columns for suffix in SCALES if c.endswith(suffix)]
    assert len(user.columns) == len(frame.columns)


def test_a_change_to_the_user_frame_does_not_reach_the_step_frame() -> None:
    frame = pd.DataFrame({"projects": [1, 2], "amount_fen": [100, 200]})
    user = to_user(frame)
    user.loc[0, "projects"] = 99
    user.loc[0, "amount"] = 99.0
    assert frame["projects"].tolist() == [1, 2] and frame["amount_fen"].tolist() == [100, 200]


@pytest.mark.parametrize(
    ("frame", "error", "says"),
    [
        (pd.DataFrame({"a_fen": [1], "a_ppm": [1]}), ValueError, "two columns would be called 'a'"),
        (pd.DataFrame({"amount_fen": [1.5]}), TypeError, "amount_fen: no step frame has values of type double"),
        (
            pd.DataFrame({"ok": pd.array([True, None], dtype=pd.ArrowDtype(pa.bool_()))}),
            ValueError,
            "ok: a boolean is empty",
        ),
    ],
)
def test_what_is_no_step_frame_is_refused(frame: pd.DataFrame, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        to_user(frame)
