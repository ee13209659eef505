"""Who may do what: one table, one function. What is not in the table is refused."""

from __future__ import annotations

from enum import StrEnum

from geoservice.errors import Forbidden
from geoservice.types import Role, Scope, Viewer


class Action(StrEnum):
    """What can be asked of the service. A resource is the organisation whose it is."""

    READ_FACTS = "read_facts"  # counts, cards and layers, exact, of one's own organisation
    READ_RELEASE = "read_release"  # what organisations publish together
    SHARE_LINKS = "share_links"  # to one layer and zone of a release
    SHARE_KEYS = "share_keys"  # to a whole release, on the shared surface
    ASK_PATROL = "ask_patrol"
    ANSWER_PATROL = "answer_patrol"
    EXPORT = "export"
    IMPORT = "import"  # and see received lines, undo, enter a fact
    RECORD = "record"  # what a team notes: states of halls, merged reports, follow-ups, meetings and decisions
    OWN_ACCOUNT = "own_account"
    OWN_TOKENS = "own_tokens"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_AGREEMENTS = "manage_agreements"
    READ_JOURNAL = "read_journal"
    ASK_GLASS = "ask_glass"
    APPROVE_GLASS = "approve_glass"
    PUBLISH = "publish"  # a release of several organisations' facts; what is published is read, facts never are
    DISCLOSE = "disclose"  # and note it: what one's organisation tells outside about its own facts


_A = Action
_ORGANISATION = frozenset({_A.READ_FACTS, _A.READ_RELEASE, _A.EXPORT, _A.IMPORT, _A.RECORD, _A.OWN_ACCOUNT})
# None: the organisation itself, by a token, the demo or the command line
ALLOWED: dict[Role | None, frozenset[Action]] = {
    None: _ORGANISATION,
    Role.DSU_MEMBER: _ORGANISATION | {_A.OWN_TOKENS, _A.SHARE_LINKS, _A.ASK_PATROL},
    Role.ANALYST: frozenset({_A.READ_FACTS, _A.READ_RELEASE, _A.EXPORT, _A.OWN_ACCOUNT, _A.OWN_TOKENS}),
    Role.ORG_ADMIN: _ORGANISATION | {_A.OWN_TOKENS, _A.MANAGE_MEMBERS, _A.MANAGE_AGREEMENTS, _A.READ_JOURNAL, _A.APPROVE_GLASS,
                                     _A.DISCLOSE, _A.SHARE_LINKS, _A.SHARE_KEYS, _A.ASK_PATROL},
    Role.POLICE_LIAISON: frozenset({_A.READ_RELEASE, _A.OWN_ACCOUNT, _A.ANSWER_PATROL}),
    Role.PLATFORM_ADMIN: frozenset({_A.OWN_ACCOUNT, _A.ASK_GLASS, _A.APPROVE_GLASS, _A.PUBLISH}),
}
# a platform administrator whom two people let look into an organisation, for a time
THROUGH_GLASS = frozenset({_A.READ_FACTS, _A.OWN_ACCOUNT})
WRITES = frozenset({_A.IMPORT, _A.RECORD, _A.SHARE_LINKS, _A.SHARE_KEYS, _A.ASK_PATROL, _A.ANSWER_PATROL, _A.OWN_TOKENS,
                    _A.MANAGE_MEMBERS, _A.MANAGE_AGREEMENTS, _A.ASK_GLASS, _A.APPROVE_GLASS, _A.PUBLISH, _A.DISCLOSE})
# whose these are is decided by a second person, not by belonging
ANYWHERE = frozenset({(Role.PLATFORM_ADMIN, _A.ASK_GLASS), (Role.PLATFORM_ADMIN, _A.APPROVE_GLASS),
                      (Role.PLATFORM_ADMIN, _A.PUBLISH)})


def can(viewer: Viewer, action: Action, organisation_id: int | None = None) -> bool:
    """Whether a viewer may do this; with an organisation, whether they may do it to what is that organisation's."""
    allowed = THROUGH_GLASS if viewer.glass else ALLOWED.get(viewer.role, frozenset())
    if action not in allowed or (viewer.scope is Scope.READ and action in WRITES):
        return False
    return organisation_id in (None, viewer.organisation_id) or (viewer.role, action) in ANYWHERE


def require(viewer: Viewer, action: Action, organisation_id: int | None = None) -> None:
    """Forbidden when they may not."""
    if not can(viewer, action, organisation_id):
        raise Forbidden("Ce jeton ne permet que de lire." if viewer.scope is Scope.READ and action in WRITES else
                        "Votre rôle ne permet pas cela. L’administrateur de votre organisation peut le changer.")
