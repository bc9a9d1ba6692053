"""What annotations, fields and assignments to attributes tell the rules, and where they are not trusted."""

import pytest


def found(report) -> list[tuple[str, int | None]]:
    return [(finding.native_rule, finding.line) for finding in report.findings]


def test_an_annotated_parameter_is_what_it_says(examine):
    """Typed code is where most wrong attributes can be known."""
    assert found(examine("def f(name: str):\n    return name.items()\n")) == [("no-attribute", 2)]


@pytest.mark.parametrize(
    "code",
    [
        "def f(x: str):\n    if isinstance(x, dict):\n        return x.items()\n    return x\n",
        "def f(x: str = None):\n    return x.items()\n",
        "def f(*x: str):\n    return x.count('a')\n",
        "def f(x: float):\n    return x.bit_length()\n",
        "def f(x: 'str | dict'):\n    return x.items()\n",
    ],
)
def test_an_annotation_that_the_code_itself_doubts_says_nothing(examine, code: str):
    """A None default, an isinstance(), or a type that others pass for: the annotation is not the whole truth."""
    assert found(examine(code)) == []


def test_an_attribute_is_what_all_its_assignments_give_it(examine):
    """One class assigns it, always a list: it has no add()."""
    code = "class A:\n    def __init__(self):\n        self.xs = []\n\n    def f(self):\n        self.xs.add(1)\n"
    assert found(examine(code)) == [("no-attribute", 6)]


def test_an_attribute_that_another_module_assigns_may_be_anything(examine):
    """What is not seen here alone is not certain."""
    code = "class A:\n    def __init__(self):\n        self.xs = []\n\n    def f(self):\n        self.xs.add(1)\n"
    other = "from a import A\n\na = A()\na.xs = set()\n"
    assert found(examine(**{"a.py": code, "b.py": other})) == []


def test_a_field_of_a_dataclass_is_what_it_is_declared_to_be(examine):
    """The generated __init__ shows no assignment; the declaration does."""
    code = (
        "from dataclasses import dataclass\n\n\n@dataclass\nclass P:\n    x: int\n    y: int | None = None\n\n\n"
        "p = P(1)\np.x()\np.y()\n"
    )
    assert found(examine(code)) == [("not-callable", 11)]


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        ("P(1, 2, c=3)", False),
        ("P(1)", True),
        ("P(1, 2)", True),
        ("P(1, b=2, c=3, d=4)", True),
        ("P(1, 2, 3)", True),
        ("P(1, c=3)", False),
    ],
)
def test_a_dataclass_takes_its_fields(examine, call: str, wrong: bool):
    """Bases first, defaults, fields left out of __init__, and keyword-only ones, as dataclasses does it."""
    code = (
        "from dataclasses import KW_ONLY, dataclass, field\nfrom typing import ClassVar\n\n\n@dataclass\nclass B:\n"
        "    a: int\n\n\n@dataclass\nclass P(B):\n    n: ClassVar[int] = 0\n    b: list = field(default_factory=list)\n"
        "    hidden: int = field(init=False, default=0)\n    _: KW_ONLY\n    c: int\n\n\n" + call + "\n"
    )
    assert ("call-arguments" in [rule for rule, _ in found(examine(code))]) is wrong


@pytest.mark.parametrize(("mode", "wrong"), [("", True), (", 'rb'", False), (", mode='rb'", False), (", mode", False)])
def test_what_is_read_from_a_file_depends_on_its_mode(examine, mode: str, wrong: bool):
    """Text has no decode(); bytes have."""
    code = f"def f(path, mode):\n    with open(path{mode}) as file:\n        text = file.read()\n    text.decode()\n"
    assert (found(examine(code)) == [("no-attribute", 4)]) is wrong


def test_an_instance_handed_to_others_may_get_attributes_there(examine):
    """Whoever holds it can set them; only a slip of the pen in the name is still reported."""
    code = (
        "class A:\n    def __init__(self, parts):\n        self.items = []\n        parts.start(self)\n\n"
        "    def f(self):\n        return self.queue, self.itmes\n"
    )
    assert [finding.message for finding in examine(code).findings] == ["A A has no attribute 'itmes'."]
