"""The reference data as files of a folder."""

from pathlib import Path

from services.ingest.core.vn.reference_data import ReferenceData
from services.ingest.core.vn.reference_files import FILES, BadReferenceData


def load(folder: Path) -> ReferenceData:
    """
    The reference data in `folder`, as in `deploy/reference-data`.

    Raises:
        BadReferenceData: with every fault of every file, a missing or unreadable one included.
    """
    files: dict[str, bytes] = {}
    faults = []
    for name in FILES:
        try:
            files[name] = (folder / name).read_bytes()
        except OSError as e:
            faults.append(f"{folder / name}: {e.strerror}: restore it, or name another folder")
    if faults:
        raise BadReferenceData(faults)
    return ReferenceData(files)
