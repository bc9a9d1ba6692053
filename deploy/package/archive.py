"""Zips whose bytes depend on nothing but their content."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

#: The first date a zip can hold.
_DATE = (1980, 1, 1, 0, 0, 0)
#: Readable by everybody: Lambda runs the code as a user of its own.
_MODE = 0o100644
_UNIX = 3


def write_zip(destination: Path, files: Mapping[str, Path], *, level: int = 6) -> None:
    """Write the files, by their place in the zip, in order, without the dates and owners of this machine."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    unfinished = destination.with_suffix(".unfinished")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for place in sorted(files):
            entry = zipfile.ZipInfo(place, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = _MODE << 16
            archive.writestr(entry, files[place].read_bytes(), compresslevel=level)
    unfinished.replace(destination)
