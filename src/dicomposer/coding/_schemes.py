"""Coding schemes used in an object (SOP Common Module, PS3.3 C.12.1)."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset

from dicomposer.coding._text import check_text
from dicomposer.coding._uids import check_uid
from dicomposer.errors import ArgumentError, ArgumentTypeError

_URL_TYPES = ("DOC", "OWL", "CSV", "FHIR")


class CodingSchemeResourceItem(Dataset):
    """Where a coding scheme can be found: an item of the Coding Scheme Resources Sequence.

    Parameters
    ----------
    url : str
        Address of the resource.
    url_type : str
        "DOC", "OWL", "CSV" or "FHIR" (PS3.3 C.12.1.1.11).
    """

    def __init__(self, url: str, url_type: str) -> None:
        super().__init__()
        if url_type not in _URL_TYPES:
            raise ArgumentError(f"url_type must be one of {', '.join(_URL_TYPES)}")
        self.CodingSchemeURLType = url_type
        self.CodingSchemeURL = check_text(url, "UR", "url")


class CodingSchemeIdentificationItem(Dataset):
    """Which scheme a designator stands for: an item of the Coding Scheme Identification Sequence.

    Parameters
    ----------
    designator : str
        The designator used by codes of the object.
    name : str | None
        Full name of the scheme.
    version : str | None
        Version of the scheme.
    registry : str | None
        Registry in which the scheme is registered, e.g. "HL7"; then `uid` or `external_id` is needed too.
    uid : str | None
        Identifier of the scheme, if it has a UID.
    external_id : str | None
        Identifier of the scheme in the registry, if it has no UID.
    responsible_organization : str | None
        Who is responsible for the scheme.
    resources : Sequence[CodingSchemeResourceItem] | None
        Where the scheme can be found.

    Raises
    ------
    ArgumentError
        If a value is not legal, or a registry is named without an identifier.
    """

    def __init__(  # noqa: PLR0913
        self,
        designator: str,
        name: str | None = None,
        version: str | None = None,
        registry: str | None = None,
        uid: str | None = None,
        external_id: str | None = None,
        responsible_organization: str | None = None,
        resources: Sequence[CodingSchemeResourceItem] | None = None,
    ) -> None:
        super().__init__()
        self.CodingSchemeDesignator = check_text(designator, "SH", "designator")
        if registry is not None:
            self.CodingSchemeRegistry = check_text(registry, "LO", "registry")
            if uid is None and external_id is None:
                raise ArgumentError("a registered coding scheme needs uid or external_id (PS3.3 C.12.1)")
        if uid is not None:
            self.CodingSchemeUID = check_uid(uid, "uid")
        elif external_id is not None and registry is not None:
            self.CodingSchemeExternalID = check_text(external_id, "ST", "external_id")
        if name is not None:
            self.CodingSchemeName = check_text(name, "ST", "name")
        if version is not None:
            self.CodingSchemeVersion = check_text(version, "SH", "version")
        if responsible_organization is not None:
            self.CodingSchemeResponsibleOrganization = check_text(
                responsible_organization, "ST", "responsible_organization"
            )
        if resources is not None:
            if not all(isinstance(resource, CodingSchemeResourceItem) for resource in resources):
                raise ArgumentTypeError("resources must be CodingSchemeResourceItem objects")
            self.CodingSchemeResourcesSequence = list(resources)
