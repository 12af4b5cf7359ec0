"""Routes that need no sign-in, reviewed one by one; each says why at its gate. Any other open route fails the proof."""

OPEN_ROUTES = frozenset(
    {
        "static",
        "health.live",
        "health.ready",
        "brand",
        "auth.sign_in",
        "auth.second_step",
        "auth.forgotten",
        "auth.reset",
        "auth.invitation",
        "auth.arrive",
        "csat.rate",
        "approval_link.decide",
        "approval_link.not_me",
        "api_about.description",
        "api_about.viewer",
    }
)

# Ways to change something where even the client's own people get refusals only: why, by the end of their names.
UNREACHED = {
    "/account/second-factor/confirm": "needs a code of the sender's own telephone, and takes no id",
    "/account/second-factor/codes": "needs a second factor of the sender's own, and takes no id",
    "/account/second-factor/remove": "needs a second factor of the sender's own, and takes no id",
    "/arrive": "its link is made for thirty seconds and for another host",
    "portal POST /account/preferences": "kept for agents only",
    "console POST /api/v1/tickets/<ticket>/refiling": "needs a second client, and the token reaches one only",
    "/teams/<uuid:team_id>/swaps": "needs a rota in which somebody is on call, of the provider's own",
}
