"""Settings of the shop."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Config:
    """Defaults for every environment."""

    DATABASE = os.environ.get("SHOP_DATABASE", str(ROOT / "shop.db"))
    COVERS = os.environ.get("SHOP_COVERS", str(ROOT / "covers"))
    REPORTS = os.environ.get("SHOP_REPORTS", "/var/lib/shop/reports")
    SECRET_KEY = os.environ.get("SHOP_SECRET_KEY")
    SMTP_HOST = "mail.harbourbooks.example"
    SMTP_USER = "orders"
    SMTP_PASSWORD = "wint3r-harb0ur-29!"
    SUPPLIER_URL = "https://stock.supplier.example/v1"


class TestConfig(Config):
    """A database in memory."""

    DATABASE = ":memory:"
    SECRET_KEY = os.urandom(16)
    TESTING = True
