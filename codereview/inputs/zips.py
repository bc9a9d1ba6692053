"""The members of a .zip archive."""

import io
import posixpath
import stat
import zipfile
import zlib
from collections.abc import Iterator

from codereview.domain.coverage import SkipReason
from codereview.errors import BadArchive, TooLarge
from codereview.inputs.intake import too_large
from codereview.inputs.limits import Limits
from codereview.inputs.refusal import Refusal, link_refusal

#: The signature every member has in the directory of the archive.
_DIRECTORY_ENTRY = b"PK\x01\x02"
#: Members per file allowed: an archive may also have directories, and files that are left out.
_MEMBERS_PER_FILE = 10
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MADE_ON_DOS = 0


def read_zip(data: bytes, limits: Limits) -> Iterator[tuple[str, bytes | Refusal]]:
    """(name, content or why not) of each member that is no directory.

    Sizes in the archive are not believed: no member is unpacked beyond the limit of one file, nor all of them
    beyond twice the total. Raises BadArchive, TooLarge.
    """
    # Counted before the directory is read: each of its entries, of 46 bytes at least, becomes a large object.
    if data.count(_DIRECTORY_ENTRY) > limits.max_files * _MEMBERS_PER_FILE:
        raise TooLarge(f"the archive has more than {limits.max_files * _MEMBERS_PER_FILE} members")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError) as error:
        raise BadArchive(f"the .zip archive cannot be read: {error}") from error
    with archive:
        unpacked = 0
        for info in archive.infolist():
            if info.filename.endswith("/"):
                continue
            content = _content(archive, info, limits)
            if not isinstance(content, Refusal):
                unpacked += len(content)
                if unpacked > 2 * limits.max_total_bytes:
                    raise TooLarge(f"the archive unpacks to more than {2 * limits.max_total_bytes} bytes")
            yield _name(info), content


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> bytes | Refusal:
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFLNK):
        return Refusal(SkipReason.UNREADABLE, "not a plain file")
    if info.flag_bits & _ENCRYPTED:
        return Refusal(SkipReason.UNREADABLE, "encrypted")
    if info.compress_type not in _METHODS:
        # Others (LZMA) can ask for gigabytes of memory to unpack a byte.
        return Refusal(SkipReason.UNREADABLE, "compressed in an unusual way")
    if info.file_size > limits.max_file_bytes:
        return too_large(info.file_size, limits.max_file_bytes)
    try:
        with archive.open(info) as member:
            content = member.read(limits.max_file_bytes + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        return Refusal(SkipReason.UNREADABLE, f"damaged: {error}")
    if len(content) > limits.max_file_bytes:
        return too_large(len(content), limits.max_file_bytes)
    if stat.S_ISLNK(mode):
        return link_refusal(posixpath.dirname(_name(info)), content.decode("utf-8", "replace"))
    return content


def _name(info: zipfile.ZipInfo) -> str:
    # Old Windows tools write backslashes, against the standard; elsewhere a backslash belongs to a name.
    return info.orig_filename.replace("\\", "/") if info.create_system == _MADE_ON_DOS else info.orig_filename
