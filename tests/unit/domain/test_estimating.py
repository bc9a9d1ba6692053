"""Estimates of tokens: never too few, and not uselessly many."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereview.domain.estimating import estimate_tokens

PYTHON = '''\
def transfer(source: Account, target: Account, amount: Decimal) -> None:
    """Move money between two accounts."""
    if amount <= 0:
        raise ValueError(f"amount must be positive, got {amount!r}")
    with transaction.atomic():
        source.balance -= amount
        target.balance += amount
        source.save(update_fields=["balance"])
        target.save(update_fields=["balance"])
'''
JAVA = """\
@Override
public ResponseEntity<List<OrderSummary>> findOrders(@RequestParam("customerId") long customerId) {
    final String query = "SELECT * FROM orders WHERE customer_id = " + customerId;
    try (Connection connection = dataSource.getConnection(); Statement statement = connection.createStatement()) {
        return ResponseEntity.ok(orderMapper.mapAll(statement.executeQuery(query)));
    } catch (SQLException exception) {
        throw new OrderLookupException(customerId, exception);
    }
}
"""
MINIFIED = (
    '!function(e,t){"object"==typeof exports&&"undefined"!=typeof module?module.exports=t():(e='
    'e||self).Q=t()}(this,function(){"use strict";var e=1e3,t=6e4,n=36e5,r="millisecond",i="sec'
    'ond";return function(o){for(var a=[],s=0;s<o.length;s++)a.push(o[s]^42);return a}});\n'
)
DIGESTS = [hashlib.sha512(str(n).encode()).digest() for n in range(4)]
#: A text, its tokens as two published tokenizers count them (cl100k_base, and Anthropic's of 2023), and how many times
#: the larger count the estimate may be.
COUNTED = {
    "python": (PYTHON, 81, 90, 2.2),
    "java": (JAVA, 87, 114, 2.2),
    "minified javascript": (MINIFIED, 92, 112, 2.2),
    "json": (
        (
            '{"id": "f_17", "severity": "high", "startLine": 120, "endLine": 124, "cwe": 89, '
            '"tags": ["sql", "injection"], "score": 0.875}\n'
        ),
        53,
        50,
        2.2,
    ),
    "chinese": (
        "代码审查在错误到达用户之前发现它们。每个结论都必须引用源代码，并由不是模型的检查来确认。\n",
        40,
        36,
        3.0,
    ),
    "russian": ("Проверка кода находит ошибки до того, как они попадут к пользователям.\n", 25, 33, 3.0),
    "hexadecimal": ("\n".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(4)), 152, 159, 2.2),
    "base64": (base64.b64encode(b"".join(DIGESTS)).decode(), 236, 235, 1.5),
}


@pytest.mark.parametrize("name", COUNTED)
def test_it_is_above_what_tokenizers_count_and_not_far(name: str) -> None:
    """The newest tokenizer makes about 1.3 times as many tokens; nothing makes more tokens than there are bytes."""
    text, one, other, at_most = COUNTED[name]
    most = max(one, other)
    # Nobody says what it makes of random letters.
    at_least = 1.05 if name == "base64" else 1.3
    assert min(at_least * most, len(text.encode())) <= estimate_tokens(text) <= at_most * most


def test_nothing_has_no_tokens_and_something_has() -> None:
    """A budget for an empty text is none."""
    assert estimate_tokens("") == 0
    assert [estimate_tokens(char) >= 1 for char in "a1(\n \0é☃"] == [True] * 8


def test_indentation_costs_little() -> None:
    """It is one token a line or so, however deep."""
    assert estimate_tokens((" " * 60 + "x\n") * 100) < 800


@given(st.text(), st.text())
def test_more_text_never_has_fewer_tokens_and_parts_are_about_the_whole(one: str, other: str) -> None:
    """So that texts may be cut and put together by their estimates."""
    both = estimate_tokens(one + other)
    assert both >= max(estimate_tokens(one), estimate_tokens(other))
    assert both <= estimate_tokens(one) + estimate_tokens(other) + 1


def test_text_that_is_no_unicode_is_estimated_too() -> None:
    """A lone surrogate comes from a file that was read with errors escaped."""
    assert estimate_tokens("\udce9") >= 1
