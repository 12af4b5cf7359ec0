"""What a bulk run does, in words."""

from collections.abc import Mapping

from msp.itsm.tickets.models import BulkRun
from msp.itsm.tickets.states import WORDS


def title(run: BulkRun, *, agents: Mapping[str, str], teams: Mapping[str, str]) -> str:
    """The act of a run as its page is called."""
    words = _words(run, agents, teams)
    return f"Undo: {words}" if run.undoes_id else words


def _words(run: BulkRun, agents: Mapping[str, str], teams: Mapping[str, str]) -> str:
    args = run.args
    if run.act == "assign":
        to = [agents.get(args.get("assignee_id") or "", "nobody"), teams.get(args.get("team_id") or "", "")]
        return "Assign to " + ", ".join(filter(None, to))
    if run.act == "move":
        return f"Change the status to {WORDS[args['status']].console}"
    if run.act == "classify":
        return "Set " + ", ".join(f"priority P{value}" if name == "priority" else f"{name} {value}" for name, value in sorted(args.items()))
    told = [("Add", args.get("add")), ("Remove", args.get("remove"))]
    return "; ".join(f"{verb} {'tag' if len(tags) == 1 else 'tags'} {', '.join(tags)}" for verb, tags in told if tags)
