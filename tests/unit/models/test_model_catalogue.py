"""The table of models: names, prices, and a deployment's own file over it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from codereview.adapters.model_catalogue import load_catalogue
from codereview.domain.tokens import NANO, Tokens
from codereview.errors import ConfigurationError
from codereview.language_model import UnknownModelPrice
from codereview.model_catalogue import ModelCatalogue

MILLION = 1_000_000
NEW_MODEL = """
as_of = 2027-01-31
source = "our contract"
[models.claude-quartz-6]
context_tokens = 500_000
max_output_tokens = 64_000
aliases = ["quartz"]
price = { input = "1", output = "2", cache_read = "0.1", cache_write_5m = "1.25", cache_write_1h = "2" }
"""


@pytest.fixture(scope="module")
def packaged() -> ModelCatalogue:
    return load_catalogue()


def _with(directory: Path, text: str) -> ModelCatalogue:
    path = directory / "models.toml"
    path.write_text(text, "utf-8")
    return load_catalogue(path)


class TestThePackagedTable:
    @pytest.mark.parametrize(
        ("model", "tokens", "usd"),
        [
            ("claude-opus-5-5", Tokens(input=MILLION), "4"),
            ("claude-opus-5-5", Tokens(output=MILLION), "20"),
            ("claude-sonnet-5-5", Tokens(input=MILLION), "2"),
            ("claude-sonnet-5-5", Tokens(cache_read=MILLION), "0.10"),
            ("claude-sonnet-5-5", Tokens(output=MILLION), "10"),
            ("claude-haiku-5-5", Tokens(input=100_000), "0.010"),
            ("claude-haiku-5-5", Tokens(input=100_001), "0.0500005"),
            ("claude-opus-5-5", Tokens(cache_read=MILLION), "0.20"),
            ("claude-fable-5-1", Tokens(input=MILLION), "10"),
            ("claude-fable-5-1", Tokens(cache_read=MILLION), "0.25"),
            ("claude-fable-5-2", Tokens(input=MILLION), "8"),
        ],
    )
    def test_prices_are_those_of_the_list(self, packaged: ModelCatalogue, model: str, tokens: Tokens, usd: str) -> None:
        """Spelled out here, so that a slip of the table shows."""
        assert packaged.spec(model).nano_usd(tokens) == Decimal(usd) * NANO

    def test_every_model_is_priced_as_the_provider_prices(self, packaged: ModelCatalogue) -> None:
        """Cache writes cost 1.25 and 2 times the input, reads a tenth at most; batches half; output five times."""
        for spec in packaged.specs.values():
            tiers = [spec.price, *([spec.price.long_prompt.price] if spec.price.long_prompt else [])]
            for price in tiers:
                assert price.cache_write_5m == price.input * Decimal("1.25"), spec.id
                assert price.cache_write_1h == price.input * 2, spec.id
                assert 0 < price.cache_read <= price.input / 10, spec.id
                assert price.output == price.input * 5, spec.id
            assert spec.batch_discount == Decimal("0.5")
            assert spec.max_output_tokens < spec.context_tokens

    def test_it_says_when_and_where_its_prices_are_from(self, packaged: ModelCatalogue) -> None:
        """A price without a date is a guess."""
        assert packaged.as_of.year >= 2026
        assert "list prices" in packaged.source

    def test_the_defaults_are_models_it_knows(self, packaged: ModelCatalogue) -> None:
        """The cheap one is cheaper, and no fallback is the main one."""
        main, cheap = packaged.spec(packaged.defaults.main), packaged.spec(packaged.defaults.cheap)
        assert cheap.price.input < main.price.input
        assert packaged.defaults.fallbacks
        assert main.id not in packaged.defaults.fallbacks


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "claude-sonnet-5-5",
            "Claude-Sonnet-5-5",
            "claude-sonnet-5-5-20260928",
            "claude-sonnet-5-5@20260928",
            "claude-sonnet-5-5-latest",
            "claude-sonnet-5-5[1m]",
            "anthropic/claude-sonnet-5-5",
            "anthropic.claude-sonnet-5-5",
            "us.anthropic.claude-sonnet-5-5",
            "global.anthropic.claude-sonnet-5-5-20260928-v1:0",
            "us-gov.anthropic.claude-sonnet-5-5-v1:0:200k",
            "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-sonnet-5-5-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-5-5-20260928-v1:0",
        ],
    )
    def test_a_model_is_known_by_what_providers_call_it(self, packaged: ModelCatalogue, name: str) -> None:
        """The name that comes back with an answer is not always the one that was asked for."""
        assert packaged.spec(name).id == "claude-sonnet-5-5"

    @pytest.mark.parametrize("name", ["", "claude-sonnet-5", "claude-sonnet", "claude-sonnet-5-5-5", "sonnet"])
    def test_a_similar_name_is_another_model(self, packaged: ModelCatalogue, name: str) -> None:
        """A near miss billed at a wrong price would be a silent mistake."""
        try:
            assert packaged.spec(name).id == name
        except UnknownModelPrice:
            assert name not in packaged.specs

    def test_an_unknown_model_says_how_to_add_it(self, packaged: ModelCatalogue) -> None:
        """An ARN of an application's own profile names no model."""
        arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
        with pytest.raises(UnknownModelPrice, match=r"abc123.*CODEREVIEW_MODELS_FILE.*claude-sonnet-5-5"):
            packaged.spec(arn)

    def test_bedrock_is_asked_for_its_own_ids(self, packaged: ModelCatalogue) -> None:
        """By a profile that every region has; an id of Bedrock's, with its region, is left as it is."""
        assert packaged.bedrock_id("claude-haiku-5-5") == "global.anthropic.claude-haiku-5-5"
        assert packaged.bedrock_id("eu.anthropic.claude-haiku-5-5") == "eu.anthropic.claude-haiku-5-5"
        assert packaged.bedrock_id("arn:aws:bedrock:x").startswith("arn:")


class TestTheChoice:
    def test_nothing_asked_for_is_what_the_table_says(self, packaged: ModelCatalogue) -> None:
        """Its defaults."""
        assert packaged.choice() == packaged.defaults

    def test_the_main_model_is_not_its_own_fallback(self, packaged: ModelCatalogue) -> None:
        """By whatever name it is called."""
        choice = packaged.choice(
            main="us.anthropic.claude-opus-5-5", fallbacks=("claude-opus-5-5", "claude-sonnet-5-5")
        )
        assert choice.fallbacks == ("claude-sonnet-5-5",)
        assert choice.main == "us.anthropic.claude-opus-5-5"

    def test_there_may_be_no_fallbacks(self, packaged: ModelCatalogue) -> None:
        """When a contract allows one model only."""
        assert packaged.choice(fallbacks=("none",)).fallbacks == ()

    @pytest.mark.parametrize("wrong", [{"main": "x"}, {"cheap": "x"}, {"fallbacks": ("x",)}])
    def test_only_models_with_a_price_can_be_chosen(self, packaged: ModelCatalogue, wrong: dict[str, Any]) -> None:
        """Said at the start, not at the first call."""
        with pytest.raises(UnknownModelPrice):
            packaged.choice(**wrong)


class TestAFileOfTheDeployment:
    def test_it_adds_a_model(self, tmp_path: Path) -> None:
        """With its own date and source; the packaged ones are still there."""
        catalogue = _with(tmp_path, NEW_MODEL)
        assert catalogue.spec("quartz").id == "claude-quartz-6"
        assert catalogue.spec("quartz").batch_discount == 0
        assert (catalogue.as_of.isoformat(), catalogue.source) == ("2027-01-31", "our contract")
        assert catalogue.spec("claude-opus-5-5").nano_usd(Tokens(input=1)) == 4_000

    def test_it_changes_a_price_field_by_field(self, tmp_path: Path) -> None:
        """What it does not name stays."""
        changed = _with(tmp_path, '[models.claude-sonnet-5-5.price]\ninput = "1.9"\n').spec("claude-sonnet-5-5")
        assert changed.nano_usd(Tokens(input=10, output=10)) == 19_000 + 100_000

    def test_it_chooses_models(self, tmp_path: Path) -> None:
        """By any name the table knows them by."""
        catalogue = _with(tmp_path, '[defaults]\nmain = "us.anthropic.claude-opus-5-5"\nfallbacks = []\n')
        assert catalogue.defaults.main == "us.anthropic.claude-opus-5-5"
        assert catalogue.defaults.fallbacks == ()
        assert catalogue.defaults.cheap == load_catalogue().defaults.cheap

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("models = ", "is not TOML"),
            ('[models.a]\nprice = {input = "1"}\n', r"models\.a\..*: field required"),
            ('[models.claude-opus-5-5.price]\ninput = "free"\n', r"models\.claude-opus-5-5\.price\.input"),
            ("[models.claude-opus-5-5.price]\ninput = 0.1\n", "is not exact: write it in quotes"),
            ('[models.claude-opus-5-5.price]\ninput = "-1"\n', "greater than or equal to 0"),
            ('[models.claude-opus-5-5]\nbatch_discount = "1"\n', "less than 1"),
            ("[models.claude-opus-5-5]\ncontext_tokens = 0\n", "greater than 0"),
            ("[models.claude-opus-5-5]\ncontext = 5\n", r"claude-opus-5-5\.context: extra inputs"),
            ('[defaults]\nmain = "claude-9"\n', "there is no table models.claude-9"),
            ('[models.claude-opus-5-5]\naliases = ["claude-opus-5"]\n', "'claude-opus-5' is a name of both"),
        ],
    )
    def test_a_mistake_in_it_is_named(self, tmp_path: Path, text: str, says: str) -> None:
        """The file, the field, and what would be right."""
        with pytest.raises(ConfigurationError, match=says) as raised:
            _with(tmp_path, text)
        assert str(tmp_path / "models.toml") in str(raised.value)

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        """With the setting that points to it."""
        with pytest.raises(ConfigurationError, match=r"CODEREVIEW_MODELS_FILE: .*none\.toml cannot be read"):
            load_catalogue(tmp_path / "none.toml")
