"""The reference data as files of the clone, for commands and for ingest's start."""

from pathlib import Path

from services.ingest.core.vn.reference_data import ReferenceData
from services.ingest.core.vn.reference_files import FILES, BadReferenceData
from services.stack import clone_root

FOLDER = clone_root() / "deploy" / "reference-data"


def load(folder: Path = FOLDER) -> ReferenceData:
    """
    The reference data in `folder`.

    Raises:
        BadReferenceData: with every fault of every file, a missing or unreadable one included.
    """
    files: dict[str, bytes] = {}
    faults = []
    for name in FILES:
        try:
            files[name] = (folder / name).read_bytes()
        except OSError as e:
            faults.append(f"{folder / name}: {e.strerror}: restore it, or name another --folder")
    if faults:
        raise BadReferenceData(faults)
    return ReferenceData(files)
