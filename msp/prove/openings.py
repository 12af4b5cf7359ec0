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
        "api_about.description",
        "api_about.viewer",
    }
)
