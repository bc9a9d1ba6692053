"""Archives: nothing leaves the root, nothing grows beyond the limits."""

import base64
import gzip
import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereview.domain.sources import Sources
from codereview.errors import BadArchive, CodeReviewError, EmptySubmission, OutsideRoot, TooLarge
from codereview.inputs.archive import read_archive
from codereview.inputs.limits import DEFAULT_LIMITS, Limits

Members = dict[str, bytes]


def zipped(members: Members, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members: Members, mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def tar_of(*infos: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for info in infos:
            archive.addfile(info, io.BytesIO(b"x" * info.size))
    return buffer.getvalue()


def tar_info(name: str, type_: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = type_, target, size
    return info


def read(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Sources:
    return read_archive(base64.b64encode(data).decode(), limits)


def reasons(sources: Sources) -> dict[str, str]:
    return {entry.path: str(entry.reason) for entry in sources.skipped}


PACKERS: list[Callable[[Members], bytes]] = [zipped, tarred, lambda members: tarred(members, "w")]


@pytest.mark.parametrize("pack", PACKERS, ids=["zip", "tar.gz", "tar"])
class TestEveryKind:
    def test_files_come_in_the_order_of_their_paths(self, pack: Callable[[Members], bytes]) -> None:
        sources = read(pack({"b.py": b"b = 1\n", "a/ü.js": b"let a\r\n", "c.py": b"\xef\xbb\xbfc = 1\n"}))
        assert [(file.path, file.text) for file in sources.files] == [
            ("a/ü.js", "let a\r\n"),
            ("b.py", "b = 1\n"),
            ("c.py", "c = 1\n"),
        ]

    def test_one_directory_around_everything_is_taken_off(self, pack: Callable[[Members], bytes]) -> None:
        """As in the archives that code hosts make of a repository."""
        assert [f.path for f in read(pack({"repo-1.0/a.py": b"a\n", "repo-1.0/src/b.py": b"b\n"})).files] == [
            "a.py",
            "src/b.py",
        ]
        assert [f.path for f in read(pack({"one/a.py": b"a\n", "two/b.py": b"b\n"})).files] == ["one/a.py", "two/b.py"]
        assert [f.path for f in read(pack({"one/a.py": b"a\n", "b.py": b"b\n"})).files] == ["b.py", "one/a.py"]
        assert [f.path for f in read(pack({"a/b/c.py": b"a\n"})).files] == ["b/c.py"]

    def test_what_is_not_reviewed_is_named(self, pack: Callable[[Members], bytes]) -> None:
        sources = read(
            pack(
                {
                    "a.py": b"a = 1\n",
                    "i.png": b"\x89PNG\0",
                    "l.py": b"\xff\n",
                    "e.py": b"",
                    "node_modules/m/x.js": b"x\n",
                    "node_modules/n/y.js": b"y\n",
                    "big.py": b"x" * 2000,
                }
            ),
            Limits(max_file_bytes=1000),
        )
        assert [file.path for file in sources.files] == ["a.py"]
        assert reasons(sources) == {
            "big.py": "too large",
            "e.py": "empty",
            "i.png": "binary",
            "l.py": "encoding",
            "node_modules/": "vendored",
        }

    @pytest.mark.parametrize("name", ["../evil.py", "a/../../evil.py", "/etc/evil.py", "C:/evil.py", "a/../b.py"])
    def test_a_path_that_leaves_the_root_refuses_the_archive(self, pack: Callable[[Members], bytes], name: str) -> None:
        with pytest.raises(OutsideRoot, match=r"evil|b\.py"):
            read(pack({"ok.py": b"x\n", name: b"x\n"}))

    def test_a_name_that_is_none_is_left_out(self, pack: Callable[[Members], bytes]) -> None:
        sources = read(pack({"ok.py": b"x\n", "a\nb.py": b"x\n"}))
        assert ([file.path for file in sources.files], reasons(sources)) == (["ok.py"], {"a\\x0ab.py": "unreadable"})

    def test_a_file_and_a_directory_of_one_name_are_refused(self, pack: Callable[[Members], bytes]) -> None:
        with pytest.raises(BadArchive, match="ambiguous"):
            read(pack({"a": b"x\n", "a/b": b"x\n"}))

    def test_an_archive_without_files_is_refused(self, pack: Callable[[Members], bytes]) -> None:
        with pytest.raises((EmptySubmission, BadArchive)):  # an empty .tar has nothing to know it by
            read(pack({}))

    def test_an_archive_cut_off_is_refused(self, pack: Callable[[Members], bytes]) -> None:
        whole = pack({f"{n}.py": bytes(str(n), "ascii") * 3000 for n in range(20)})
        with pytest.raises(BadArchive):
            read(whole[: len(whole) // 2])

    def test_more_in_total_than_the_limit_is_refused(self, pack: Callable[[Members], bytes]) -> None:
        with pytest.raises(TooLarge):
            read(pack({f"{n}.py": b"x = 1\n" * 100 for n in range(10)}), Limits(max_total_bytes=3000))

    def test_more_members_than_any_project_has_are_refused(self, pack: Callable[[Members], bytes]) -> None:
        with pytest.raises(TooLarge, match="members"):
            read(pack({f"{n}": b"" for n in range(101)}), Limits(max_files=10))


@pytest.mark.parametrize(
    "data", [b"hello", b"PK\x03\x04garbage", b"\x1f\x8bgarbage", b"\x00" * 600, gzip.compress(b"no tar", mtime=0)]
)
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises((BadArchive, EmptySubmission)):
        read(data)


@pytest.mark.parametrize("encoded", ["%%%", "AAA", "é", "A" * 5])
def test_what_is_not_base64_is_refused(encoded: str) -> None:
    with pytest.raises(BadArchive, match="base64"):
        read_archive(encoded)


def test_base64_may_be_broken_into_lines() -> None:
    encoded = base64.encodebytes(zipped({"a.py": b"x = 1\n"})).decode()
    assert "\n" in encoded
    assert len(read_archive(encoded).files) == 1


def test_an_empty_archive_is_refused() -> None:
    with pytest.raises(EmptySubmission):
        read_archive("")


def test_an_archive_larger_than_the_limit_is_not_even_decoded() -> None:
    with pytest.raises(TooLarge):
        read_archive("A" * 2000, Limits(max_total_bytes=1000))


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_bomb_is_refused_before_it_goes_off(pack: Callable[[Members], bytes]) -> None:
    data = pack({f"{n}.py": b" " * 900_000 + b"x" for n in range(400)})
    assert len(data) < 1_000_000
    started = monotonic()
    with pytest.raises(TooLarge):
        read(data)
    assert monotonic() - started < 30


# --- .tar


def test_links_in_a_tar_are_not_followed() -> None:
    sources = read(
        tar_of(
            tar_info("d", tarfile.DIRTYPE),
            tar_info("a.py", size=3),
            tar_info("d/in.py", tarfile.SYMTYPE, "../a.py"),
            tar_info("hard.py", tarfile.LNKTYPE, "a.py"),
            tar_info("d/out.py", tarfile.SYMTYPE, "../../secret.py"),
            tar_info("absolute.py", tarfile.SYMTYPE, "/etc/passwd"),
            tar_info("hard-out.py", tarfile.LNKTYPE, "../secret.py"),
        )
    )
    assert [file.path for file in sources.files] == ["a.py"]
    assert reasons(sources) == {
        "absolute.py": "outside root",
        "d/in.py": "excluded",
        "d/out.py": "outside root",
        "hard-out.py": "outside root",
        "hard.py": "excluded",
    }


def test_devices_and_pipes_in_a_tar_are_left_out() -> None:
    sources = read(
        tar_of(tar_info("a.py", size=3), tar_info("null", tarfile.CHRTYPE), tar_info("pipe", tarfile.FIFOTYPE))
    )
    assert reasons(sources) == {"null": "unreadable", "pipe": "unreadable"}


def test_a_large_file_in_a_tar_is_passed_over() -> None:
    sources = read(tarred({"big.bin": bytes(range(256)) * 20_000, "a.py": b"x = 1\n"}))
    assert ([file.path for file in sources.files], reasons(sources)) == (["a.py"], {"big.bin": "too large"})


def test_a_name_twice_is_refused() -> None:
    """What is reviewed must be what is unpacked elsewhere: one of the two would win there, the other here."""
    with pytest.raises(BadArchive, match="given twice"):
        read(tar_of(tar_info("a.py", size=3), tar_info("./a.py", size=4)))


def test_a_header_that_leads_backwards_ends_the_reading() -> None:
    """A negative size has sent tarfile round in circles."""
    data = bytearray(tarred({"a.py": b"x" * 600, "b.py": b"y"}, "w"))
    size = struct.pack(">q", -1024)
    data[124:136] = b"\xff\xff\xff\xff" + size
    header = bytearray(data[:512])
    header[148:156] = b" " * 8
    data[148:156] = f"{sum(header):06o}\0 ".encode()
    started = monotonic()
    with pytest.raises((BadArchive, EmptySubmission)):
        read(bytes(data))
    assert monotonic() - started < 30


# --- .zip


def test_links_in_a_zip_are_not_followed() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.py", "x = 1\n")
        for name, target in {"in.py": "a.py", "out.py": "../../etc/passwd", "d/up.py": "../a.py"}.items():
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
    sources = read(buffer.getvalue())
    assert [file.path for file in sources.files] == ["a.py"]
    assert reasons(sources) == {"d/up.py": "excluded", "in.py": "excluded", "out.py": "outside root"}


def test_an_encrypted_member_is_a_gap() -> None:
    data = bytearray(zipped({"a.py": b"x = 1\n", "s.py": b"secret = 1\n"}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.rindex(signature, 0, data.rindex(b"s.py") if signature == b"PK\x01\x02" else data.index(b"s.py"))
        data[place + flags] |= 1
    sources = read(bytes(data))
    assert reasons(sources) == {"s.py": "unreadable"}
    assert sources.skipped[0].is_gap


def test_a_member_packed_in_a_way_that_takes_memory_is_a_gap() -> None:
    assert reasons(read(zipped({"a.py": b"x = 1\n"}, zipfile.ZIP_LZMA))) == {"a.py": "unreadable"}


def test_a_damaged_member_is_a_gap() -> None:
    data = bytearray(zipped({"a.py": b"x = 1\n", "b.py": b"yyyy = 2\n"}, zipfile.ZIP_STORED))
    place = data.index(b"yyyy")
    data[place] ^= 1
    sources = read(bytes(data))
    assert ([file.path for file in sources.files], reasons(sources)) == (["a.py"], {"b.py": "unreadable"})


def test_a_member_that_lies_about_its_size_is_not_unpacked_beyond_the_limit() -> None:
    data = bytearray(zipped({"a.py": b"x" * 5000}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(signature) + offset
        data[place : place + 4] = struct.pack("<I", 10)
    assert set(reasons(read(bytes(data), Limits(max_file_bytes=1000))).values()) <= {"too large", "unreadable"}


def test_backslashes_of_old_windows_tools_separate_directories() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("x")
        info.filename, info.create_system = "src\\a.py", 0
        archive.writestr(info, "x = 1\n")
        archive.writestr("b.py", "x = 1\n")
    assert [file.path for file in read(buffer.getvalue()).files] == ["b.py", "src/a.py"]


def test_members_that_share_their_bytes_do_not_multiply() -> None:
    """Many entries of the directory pointing at the same packed bytes: small, and huge when unpacked."""
    packed = zipped({"a.py": b"x" * 1_000_000})
    start, end = packed.index(b"PK\x01\x02"), packed.index(b"PK\x05\x06")
    entries, tail = packed[start:end] * 20_000, bytearray(packed[end:])
    tail[8:12] = struct.pack("<HH", 20_000, 20_000)
    tail[12:20] = struct.pack("<II", len(entries), start)
    started = monotonic()
    with pytest.raises((TooLarge, BadArchive)):
        read(packed[:start] + entries + bytes(tail))
    assert monotonic() - started < 60


# --- anything at all


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        [zipped({"a.py": b"x = 1\n", "d/b.py": b"y = 2\n"}), tarred({"a.py": b"x = 1\n", "d/b.py": b"y\n"}, "w")]
    ),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=6),
    st.booleans(),
)
def test_a_damaged_archive_is_read_or_refused_never_more(
    data: bytes, damage: list[tuple[int, int]], pack: bool
) -> None:
    broken = bytearray(data)
    for place, value in damage:
        broken[place % len(broken)] = value
    try:
        sources = read(gzip.compress(bytes(broken)) if pack else bytes(broken))
    except CodeReviewError:
        return
    for path in [file.path for file in sources.files]:
        assert not path.startswith("/")
        assert ".." not in path.split("/")
    sources.to_json()


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["a", "..", ".", "", "b.py", "C:", "\\", "é"]), min_size=1, max_size=4).map("/".join),
        max_size=4,
    )
)
def test_no_member_ever_leaves_the_root(names: list[str]) -> None:
    members = {name: b"x = 1\n" for name in names if name}
    for pack in PACKERS:
        try:
            sources = read(pack(members))
        except CodeReviewError:
            continue
        for path in [*(file.path for file in sources.files), *(entry.path for entry in sources.skipped)]:
            assert not path.startswith("/")
            assert ".." not in path.split("/")
