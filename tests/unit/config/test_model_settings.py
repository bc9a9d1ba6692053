"""Settings of the language model: budgets exact, empty is without limit."""

from decimal import Decimal

import pytest

from codereview.config import load_settings
from codereview.errors import ConfigurationError
from codereview.spending import Caps


def test_a_review_may_spend_five_dollars_unless_told_otherwise() -> None:
    """Nobody finds a surprising bill."""
    assert load_settings().caps == Caps(review_nano_usd=5_000_000_000)


def test_budgets_are_exact_and_an_empty_one_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of a dollar is not 0.1000000000000000055."""
    for name, value in [("REVIEW_USD", ""), ("REVIEW_TOKENS", "5"), ("HOUR_USD", "0.1"), ("HOUR_TOKENS", "")]:
        monkeypatch.setenv(f"CODEREVIEW_BUDGET_{name}", value)
    assert load_settings().budget_hour_usd == Decimal("0.1")
    assert load_settings().caps == Caps(review_tokens=5, hour_nano_usd=100_000_000)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BUDGET_REVIEW_USD", "-1"),
        ("BUDGET_HOUR_TOKENS", "many"),
        ("MODEL_PROVIDER", "other"),
        ("MODEL_TIMEOUT_S", "0"),
    ],
)
def test_a_wrong_value_names_the_variable(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything starts."""
    monkeypatch.setenv(f"CODEREVIEW_{variable}", value)
    with pytest.raises(ConfigurationError, match=f"CODEREVIEW_{variable}: input should be"):
        load_settings()


def test_fallbacks_are_a_list_and_the_key_is_starred(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key's usual name is understood."""
    monkeypatch.setenv("CODEREVIEW_MODEL_FALLBACKS", "a, b,")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-hunter22")
    settings = load_settings()
    assert settings.model_fallbacks == ("a", "b")
    assert settings.anthropic_api_key.get_secret_value() == "sk-hunter22"
    assert "hunter22" not in str(settings.effective())
