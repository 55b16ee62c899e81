"""The standard as data: which attribute is required where, of which type, with which values.

Facts come from generated tables (see ``tools/tables`` and the decision record 0002); each carries the
edition of the standard that states it. Nothing is read at import; an IOD is decoded at its first use and
then shared.

>>> from dicomposer import standard
>>> segmentation = standard.iod("segmentation")
>>> segmentation.module("segmentation-image").module.attribute("SegmentationType").type
'1'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomposer.lazy import lazy_names

if TYPE_CHECKING:
    from dicomposer.standard._codes import (
        CodeFact,
        CodeMatch,
        ContextGroup,
        code,
        codes,
        context_group,
        context_groups,
        current_codes,
    )
    from dicomposer.standard._condition import (
        AllOf,
        AnyOf,
        Compare,
        Condition,
        Count,
        Lookup,
        Not,
        NotEvaluated,
        OneOf,
        Predicate,
        Present,
    )
    from dicomposer.standard._model import (
        IOD,
        Attribute,
        ContextBinding,
        DictionaryEntry,
        FunctionalGroupUsage,
        Module,
        ModuleUsage,
        ValueRule,
    )
    from dicomposer.standard._tables import attribute, iod, iods, is_nested, module, modules, root_keywords
    from dicomposer.standard._templates import (
        AllItems,
        AnyItems,
        CodeConstraint,
        ItemCount,
        ItemPath,
        ItemPattern,
        ItemValue,
        NumberComparison,
        Template,
        TemplateCondition,
        TemplateRow,
        template,
        templates,
    )
    from dicomposer.standard._uids import (
        SOPClassInfo,
        TransferSyntax,
        sop_class,
        sop_classes,
        transfer_syntax,
        transfer_syntaxes,
        uid_name,
    )
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "_codes": "CodeFact CodeMatch ContextGroup code codes context_group context_groups current_codes",
            "_condition": "AllOf AnyOf Compare Condition Count Lookup Not NotEvaluated OneOf Predicate Present",
            "_model": (
                "Attribute ContextBinding DictionaryEntry FunctionalGroupUsage IOD Module ModuleUsage "
                "ValueRule"
            ),
            "_tables": "attribute iod iods is_nested module modules root_keywords",
            "_templates": (
                "AllItems AnyItems CodeConstraint ItemCount ItemPath ItemPattern ItemValue "
                "NumberComparison Template TemplateCondition TemplateRow template templates"
            ),
            "_uids": (
                "SOPClassInfo TransferSyntax sop_class sop_classes transfer_syntax transfer_syntaxes uid_name"
            ),
        },
    )

__all__ = [
    "EDITION",
    "IOD",
    "AllItems",
    "AllOf",
    "AnyItems",
    "AnyOf",
    "Attribute",
    "CodeConstraint",
    "CodeFact",
    "CodeMatch",
    "Compare",
    "Condition",
    "ContextBinding",
    "ContextGroup",
    "Count",
    "DictionaryEntry",
    "FunctionalGroupUsage",
    "ItemCount",
    "ItemPath",
    "ItemPattern",
    "ItemValue",
    "Lookup",
    "Module",
    "ModuleUsage",
    "Not",
    "NotEvaluated",
    "NumberComparison",
    "OneOf",
    "Predicate",
    "Present",
    "SOPClassInfo",
    "Template",
    "TemplateCondition",
    "TemplateRow",
    "TransferSyntax",
    "ValueRule",
    "attribute",
    "code",
    "codes",
    "context_group",
    "context_groups",
    "current_codes",
    "iod",
    "iods",
    "is_nested",
    "module",
    "modules",
    "root_keywords",
    "sop_class",
    "sop_classes",
    "template",
    "templates",
    "transfer_syntax",
    "transfer_syntaxes",
    "uid_name",
]

EDITION = "2026b"
"""Edition of the structure of the tables: modules, nesting, types. Conditions and values carry their own."""
