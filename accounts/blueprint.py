"""The blueprint of all account pages. Their templates extend those of `search_api.web`."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("accounts", __name__, template_folder="templates")
