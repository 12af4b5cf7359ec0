"""Blueprints that several view modules share, one a place in the navigation."""

from agent_console.blueprint import console_blueprint

clients = console_blueprint("clients", "/clients")
service_levels = console_blueprint("service_levels", "/service-levels")
agents = console_blueprint("agents", "/agents")
teams = console_blueprint("teams", "/teams")
announcements = console_blueprint("announcements", "/announcements")
automation = console_blueprint("automation", "/automation")
approvals = console_blueprint("approvals", "/approvals")
articles = console_blueprint("articles", "/articles")
settings = console_blueprint("settings", "/settings")
