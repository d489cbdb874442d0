"""Commands that print results of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from flask import Flask, redirect, request

from peerscope.cli import main
from search_api import commands

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

ADA = {
    "id": "ada",
    "name": "Ada",
    "tagline": "Engines",
    "affiliations": [{"name": "London"}],
    "counts": {"works": 3},
    "score": 0.5,
}


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Knows one researcher, into whom `old` was merged."""
    app = Flask("api")

    @app.get("/api/v1/researchers/<id_>/similar")
    def similar(id_: str) -> dict[str, Any] | Response | tuple[dict[str, str], int]:
        if id_ == "old":
            return redirect("/api/v1/researchers/new/similar", 301)
        return {"results": [ADA], "meta": {}} if id_ == "new" else ({"detail": "No researcher."}, 404)

    @app.get("/api/v1/works/<id_>/similar")
    def similar_works(id_: str) -> tuple[dict[str, str], int]:
        return {"detail": f"No work has the id {id_}."}, 404

    @app.post("/api/v1/works/similar")
    def works_like() -> tuple[dict[str, Any], int]:
        return {"detail": "Unknown ids in like."}, 422

    @app.post("/api/v1/researchers/similar")
    def researchers_like() -> dict[str, Any]:
        body = request.get_json()
        missing = [id_ for id_ in body["like"] + body["unlike"] if id_ == "nobody"]
        return {"results": [ADA], "meta": {"unknown": missing}}

    @app.post("/api/v1/researchers/complement")
    def complement() -> dict[str, Any]:
        body = request.get_json()
        adds = [{"text": f"{body['text']} beyond {' and '.join(body['team'])}", "gain": 0.5}]
        return {"results": [ADA | {"adds": adds}], "meta": {}}

    monkeypatch.setattr(commands, "client", lambda _: app.test_client())
    return app


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("id_", ["new", "old"])
def test_similar_follows_the_redirect_of_a_merged_id(id_: str) -> None:
    result = CliRunner().invoke(main, ["similar", id_])
    assert (result.exit_code, "Ada" in result.output) == (0, True), result.output
    assert "London · 3 works · Engines" in result.output


@pytest.mark.usefixtures("app")
def test_an_unknown_id_is_named() -> None:
    result = CliRunner().invoke(main, ["similar", "nobody"])
    assert (result.exit_code, "'nobody'" in result.output) == (1, True)


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("options", [["ada", "eve"], ["ada", "--unlike", "eve"], ["ada", "--text", "engines"]])
def test_a_group_of_researchers_has_similar_ones(options: list[str]) -> None:
    result = CliRunner().invoke(main, ["similar", *options])
    assert (result.exit_code, "Ada" in result.output) == (0, True), result.output


@pytest.mark.usefixtures("app")
def test_a_group_with_an_unknown_id_names_it() -> None:
    result = CliRunner().invoke(main, ["similar", "ada", "nobody"])
    assert result.exit_code == 1
    assert "unknown are nobody" in result.output


@pytest.mark.usefixtures("app")
def test_whom_a_team_lacks_is_shown_with_what_they_add() -> None:
    result = CliRunner().invoke(main, ["search", "proofs", "--team", "eve", "--team", "bob"])
    assert result.exit_code == 0, result.output
    assert "adds: proofs beyond eve and bob" in result.output


@pytest.mark.parametrize("text", ["", "  ", "\t"])
def test_an_empty_query_is_a_usage_error(text: str) -> None:
    result = CliRunner().invoke(main, ["search", text])
    assert result.exit_code == 2
    assert "TEXT is empty" in result.stderr


def test_a_list_without_scores_is_shown_with_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    work = {"id": "w1", "title": "On Engines", "authors": [], "year": 1843}
    commands.show({"results": [work], "meta": {}}, as_json=False)
    output = capsys.readouterr().out
    assert "On Engines" in output
    assert "no words to rank by" in output
