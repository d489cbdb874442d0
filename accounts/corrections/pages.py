"""The page to report a problem with a record, and the administrators' queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import make_response, render_template, request, url_for
from marshmallow import ValidationError, fields, pre_load, validate

from accounts.actors import require_scope
from accounts.blueprint import blueprint
from accounts.corrections import schemas, service
from accounts.corrections.models import KINDS, STATUSES
from accounts.forms import form
from accounts.records import record_of
from accounts.resources import database
from search_api.http.paging import Pagination
from search_api.http.services import services
from search_api.researchers.documents import works_clause
from search_api.web.blueprint import parse
from search_api.works import search as works_search
from search_api.works.schemas import WorksArgs

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from accounts.actors import Actor

Form = dict[str, Any]
SCOPE = "claim"
QUEUE = "accounts.corrections_page"
#: Works offered with a check box.
OFFERED = 100


class ProblemForm(schemas.NewCorrection):
    """A problem as a form sends it: empty fields are missing."""

    @pre_load
    def _without_empty(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value not in ("", [""])}


class DecisionForm(schemas.CorrectionDecision):
    """A decision as a form sends it: ticked works, and further ids separated by spaces or line ends."""

    decision = fields.String(required=True, validate=validate.OneOf(("accept", "reject")))

    @pre_load
    def _split(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        works, ids = data.get("works", []), data.get("ids", "")
        if not isinstance(works, (str, list)) or not isinstance(ids, str):
            raise ValidationError("Not a list of works.", "works")
        known = [works] if isinstance(works, str) else works
        rest = {name: value for name, value in data.items() if name != "ids"}
        return {**rest, "works": " ".join([*known, ids]).split()}


@blueprint.get("/researchers/<path:id_>/problem")
def problem_page(id_: str) -> Response:
    """Show the form to report a problem with a record."""
    require_scope(SCOPE)
    record = record_of(services(), id_)
    listing = WorksArgs().load({"per_page": OFFERED})
    works = works_search.search(services(), listing, fixed=[works_clause(record)])
    kind = request.args.get("kind", "")
    page = render_template("problem.html", record=record, works=works, kinds=KINDS, kind=kind if kind in KINDS else "")
    return make_response(page)


@blueprint.post("/researchers/<path:id_>/problem")
@form(
    ProblemForm,
    lambda _given, id_: url_for("web.researcher", id_=id_),
    SCOPE,
    again="accounts.problem_page",
)
def problem_form(actor: Actor, given: Form, id_: str) -> str:
    """Report a problem."""
    service.report(services(), actor.account_id, id_, given)
    return "Thank you. An administrator will look at it, and you will be notified of the decision."


@blueprint.get("/admin/corrections")
def corrections_page() -> str:
    """Show reported problems to an administrator, the oldest first."""
    require_scope("admin")
    args = parse(schemas.CorrectionsArgs())
    status, page = args["status"] or "pending", Pagination(args["page"], args["per_page"])
    with database().read() as session:
        count, rows = service.list_corrections(session, status, page.offset, page.per_page)
        cases = service.serialize_cases(services(), session, rows)
    context = {"cases": cases, "status": status, "statuses": STATUSES, "kinds": KINDS, "args": args}
    return render_template("corrections.html", **context, has_more=count > page.offset + page.per_page)


@blueprint.post("/admin/corrections/<correction_id>")
@form(DecisionForm, QUEUE, "admin", again=QUEUE)
def decide_correction_form(actor: Actor, given: Form, correction_id: str) -> str:
    """Accept or reject a correction."""
    if given["decision"] == "accept":
        service.accept(services(), actor.account_id, correction_id, given["reason"], given["works"])
        return "Accepted. The profile changes within seconds; works move to other records at the next indexing run."
    service.reject(actor.account_id, correction_id, given["reason"])
    return "Rejected."
