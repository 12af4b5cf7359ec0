"""Pages that console and portals share: the way in, and one's own account."""

from tenants.views import account, blueprints, chooser, confirm, links, second_factor, sessions, sign_in, tokens

SURFACE = "both"
BLUEPRINTS = (blueprints.auth, blueprints.account)
# Importing a module registers its routes on the two.
ROUTES = (account, chooser, confirm, links, second_factor, sessions, sign_in, tokens)
