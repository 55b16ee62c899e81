from __future__ import annotations

import warnings

import pytest
from pydicom.valuerep import PersonName

from dicomposer import samples, select
from dicomposer.coding import check_person_name
from dicomposer.errors import ArgumentError, ArgumentTypeError


@pytest.mark.parametrize(
    "name",
    ["Bono^", "Doe^John", "", "a^b^c^d^e", "Yamada^Tarou=山田^太郎=やまだ^たろう", PersonName("Doe^Jane")],
)
def test_names(name: str | PersonName) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_person_name(name)


@pytest.mark.parametrize("name", ["Bono", "Doe, John"])
def test_a_name_without_caret_gives_a_warning_that_does_not_quote_it(name: str) -> None:
    with pytest.warns(UserWarning, match="family and given name") as caught:
        check_person_name(name)
    assert name not in str(caught[0].message)


def test_the_warning_points_at_the_line_of_the_caller() -> None:
    image = samples.phantom_series("CT", shape=(1, 8, 8), labels=1).datasets[0]
    with pytest.warns(UserWarning, match="family and given name") as caught:
        select([image], observer="Doe")
    assert [one.filename for one in caught] == [__file__]


@pytest.mark.parametrize("name", ["a^b\\c^d", "a^b\n", "a=b=c=d^", "a^b^c^d^e^f", "a" * 64 + "^"])
def test_impossible_names(name: str) -> None:
    with pytest.raises(ArgumentError):
        check_person_name(name)


@pytest.mark.parametrize("name", [None, 5, ["Doe^John"]])
def test_other_types(name: object) -> None:
    with pytest.raises(ArgumentTypeError):
        check_person_name(name)  # type: ignore[arg-type]
