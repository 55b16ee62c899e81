"""Declared attributes: a class says which elements it has, one engine writes, reads and checks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from dicomposer.errors import ArgumentError, ArgumentTypeError

from ._scan import tag_of

if TYPE_CHECKING:
    from dicomposer.standard import Attribute, Module as StandardModule


class AttributeDeclaration:
    """What :func:`attribute` returns inside a class body."""

    def __init__(self, keyword: str, default: Any) -> None:
        self.keyword = keyword
        self.tag = tag_of(keyword)
        self.default = default
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        return instance.__dict__[self.name]

    def __set__(self, instance: Any, value: Any) -> None:
        raise AttributeError(f"{type(instance).__name__} does not change; use replace()")


def attribute(keyword: str, *, default: Any = None) -> Any:
    """Declare an attribute of a :class:`Module`.

    Parameters
    ----------
    keyword : str
        Keyword of the element.
    default : Any
        Value where none is given; None means no value.
    """
    return AttributeDeclaration(keyword, default)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attribute,))
class Module:
    """Base of declared modules: immutable, with keyword arguments, compared by value.

    A subclass names its table of the standard and declares attributes::

        class PatientModule(Module, table="patient"):
            patient_id = attribute("PatientID")
            birth_date = attribute("PatientBirthDate")

    Which attribute is of which type comes from the table when it is first needed, never from the class.

    Raises
    ------
    ArgumentTypeError
        If an argument is not declared.
    """

    table: ClassVar[str] = ""
    declarations: ClassVar[Mapping[str, AttributeDeclaration]] = {}

    def __init_subclass__(cls, *, table: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if table is not None:
            cls.table = table
        declared = dict(cls.declarations)
        declared.update((k, v) for k, v in vars(cls).items() if isinstance(v, AttributeDeclaration))
        cls.declarations = declared

    def __init__(self, **values: Any) -> None:
        unknown = sorted(values.keys() - self.declarations.keys())
        if unknown:
            raise ArgumentTypeError(f"{type(self).__name__} has no attribute {', '.join(unknown)}")
        for name, declaration in self.declarations.items():
            self.__dict__[name] = values.get(name, declaration.default)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} does not change; use replace()")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} does not change; use replace()")

    def __eq__(self, other: object) -> bool:
        return self.__dict__ == other.__dict__ if type(other) is type(self) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        given = [name for name, value in self.__dict__.items() if value is not None]
        return f"{type(self).__name__}({', '.join(given)})"  # names only: values may identify a patient

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other values."""
        return type(self)(**{**self.__dict__, **changes})

    @classmethod
    def standard_module(cls) -> StandardModule:
        """Return the module's table of the standard (loaded at first use)."""
        from dicomposer import standard

        return standard.module(cls.table)

    def write_to(self, dataset: Dataset) -> None:
        """Set the declared elements in a dataset.

        A missing value leaves an empty element if the attribute is of type 2, and none if it is of type 3 or
        conditional (whether the condition holds is for the validator to say, which knows the whole dataset).

        Raises
        ------
        ArgumentError
            If an attribute of type 1 has no value; nothing is set then.
        """
        rules = self._rules()
        missing = [
            declaration.keyword
            for name, declaration in self.declarations.items()
            if rules[declaration.keyword].type == "1" and _is_empty(self.__dict__[name])
        ]
        if missing:
            section = self.standard_module().section
            raise ArgumentError(f"{', '.join(missing)}: a value is required (PS3.3 {section}, type 1)")
        for name, declaration in self.declarations.items():
            value = self.__dict__[name]
            rule = rules[declaration.keyword]
            if not _is_empty(value):
                setattr(dataset, declaration.keyword, DicomSequence(value) if rule.vr == "SQ" else value)
            elif rule.type == "2" or (value is not None and rule.type == "2C"):
                setattr(dataset, declaration.keyword, [] if rule.vr == "SQ" else None)

    @classmethod
    def read_from(cls, dataset: Dataset) -> Self:
        """Take the declared attributes from a dataset; absent and empty ones become None."""
        values = {}
        for name, declaration in cls.declarations.items():
            value = dataset.get(declaration.keyword, None) if declaration.tag in dataset else None
            values[name] = None if _is_empty(value) else value
        return cls(**values)

    @classmethod
    def _rules(cls) -> Mapping[str, Attribute]:
        rules = {rule.keyword: rule for rule in cls.standard_module().attributes}
        for declaration in cls.declarations.values():
            if declaration.keyword not in rules:
                raise ArgumentError(f"{declaration.keyword} is not in the module {cls.table!r} (PS3.3)")
        return rules


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, bytes, list, tuple, DicomSequence)) and len(value) == 0)
