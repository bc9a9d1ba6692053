"""The page on models says what the program does."""

import re
from pathlib import Path

from codereview.adapters import budget_rules
from codereview.adapters.batched_model import BatchTerms
from codereview.adapters.model_catalogue import load_catalogue
from codereview.config import Settings

PAGE = (Path(__file__).parents[3] / "docs" / "models.md").read_text("utf-8")


def test_its_example_is_a_table_the_program_takes(tmp_path: Path) -> None:
    """Copied, it works."""
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "models.toml").write_text(example, "utf-8")
    catalogue = load_catalogue(tmp_path / "models.toml")
    assert catalogue.spec("house-model-v2").id == catalogue.defaults.cheap == "house-model"


def test_its_settings_exist() -> None:
    """Each by its whole name."""
    named = {name.lower() for name in re.findall(r"CODEREVIEW_([A-Z_]+[A-Z])\b", PAGE)}
    assert named <= set(Settings.model_fields)


def test_its_figures_are_the_programs() -> None:
    """Of the circuit breaker, the caches and the batches."""
    assert (budget_rules.FAILURES, budget_rules.WINDOW_S, budget_rules.COOL_DOWN_S) == (5, 60, 30)
    assert budget_rules.PREFIX_TTL_S == 4.5 * 60
    assert (budget_rules.ANSWER_TTL_S, budget_rules.ANSWERS_BYTES) == (7 * 86_400, 64_000_000)
    assert (BatchTerms().quiet_s, BatchTerms().longest_s) == (3, 60)
