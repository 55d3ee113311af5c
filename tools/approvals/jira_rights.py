"""What `autopilot doctor` sees in Jira: the project, its statuses, and that the bot may ask and may not answer."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from http import HTTPStatus

from graph.model import Json
from tools.approvals.jira_site import JiraSite
from tools.plugins import Finding
from tools.skew import clock

_NEEDED = {
    "BROWSE_PROJECTS": "Browse Projects",
    "CREATE_ISSUES": "Create Issues",
    "ADD_COMMENTS": "Add Comments",
}
_TOO_MUCH = {
    "TRANSITION_ISSUES": "Transition Issues",
    "EDIT_ISSUES": "Edit Issues",
    "DELETE_ISSUES": "Delete Issues",
    "ADMINISTER_PROJECTS": "Administer Projects",
    "ADMINISTER": "Administer Jira",
}


def examine(site: JiraSite, project: str, issue_type: str, statuses: Sequence[str], now: datetime) -> Iterator[Finding]:
    """Look at the site, the project and the bot's rights, changing nothing. May raise graph.errors."""
    with site.known_form():
        reply = site.get("/rest/api/3/myself")
        name = site.one_line(str(reply.document.get("displayName") or reply.document["accountId"]))
        yield Finding("ok", f"Jira at {site.url} knows us as {name}")
        yield clock(reply.at, now, "answers carry the time that Jira gives them")
        known = (HTTPStatus.NOT_FOUND,)
        found = site.get(f"/rest/api/3/project/{project}/statuses", known=known)
        if found.status == HTTPStatus.NOT_FOUND:
            hint = "correct channels.jira.project, or give the bot's account Browse Projects there"
            yield Finding("failed", f"Jira shows no project {project}", hint)
            return
        yield from _workflow(site, found.document, issue_type, statuses)
        yield from _rights(site, project)


def _workflow(site: JiraSite, kinds: list[Json], issue_type: str, wanted: Sequence[str]) -> Iterator[Finding]:
    by_name = {str(each["name"]).casefold(): each["statuses"] for each in kinds}
    if issue_type.casefold() not in by_name:
        there = site.one_line(", ".join(str(each["name"]) for each in kinds))
        yield Finding("failed", f"the project has no issue type {issue_type}", f"channels.jira.issue_type: {there}")
        return
    statuses = [str(each["name"]) for each in by_name[issue_type.casefold()]]
    missing = [name for name in wanted if name.casefold() not in map(str.casefold, statuses)]
    if missing:
        said = f"the workflow of {issue_type} has no status {', '.join(missing)}"
        yield Finding("failed", said, f"it has: {site.one_line(', '.join(statuses))}; correct approved and denied")
    else:
        yield Finding("ok", f"the workflow of {issue_type} has the statuses {', '.join(wanted)}")


def _rights(site: JiraSite, project: str) -> Iterator[Finding]:
    asked = {"projectKey": project, "permissions": ",".join([*_NEEDED, *_TOO_MUCH])}
    shown = site.get("/rest/api/3/mypermissions", asked).document["permissions"]
    had = {name for name, each in shown.items() if each["havePermission"]}
    lacking = [title for name, title in _NEEDED.items() if name not in had]
    if lacking:
        yield Finding("failed", f"the bot's account lacks {', '.join(lacking)}", "give it these in the project")
    else:
        yield Finding("ok", f"the bot's account has {', '.join(_NEEDED.values())}")
    if "TRANSITION_ISSUES" in had:
        said = "the bot's account may move issues, so that it could approve by itself; such an answer does not count"
        yield Finding("warning", said, "take Transition Issues from it, or guard the steps in the workflow")
    more = [title for name, title in _TOO_MUCH.items() if name in had and name != "TRANSITION_ISSUES"]
    if more:
        yield Finding("warning", f"the bot's account may do more than it needs: {', '.join(more)}", "take that from it")
