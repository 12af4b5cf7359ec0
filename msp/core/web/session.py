"""The session cookie: a random token whose hash names a row. Nothing else is kept in the browser.

A visitor gets a token as soon as a form needs one: it ties the form to the browser (CSRF) and names no row.
Signing in replaces it, so that a token planted before is worth nothing afterwards.
"""

import hmac
from typing import Any, cast

from flask import Flask, Request, Response, g
from flask.sessions import SessionInterface, SessionMixin

from msp.core.auth import tokens


class TokenSession(dict[str, Any], SessionMixin):
    """What Flask calls the session: only the CSRF secret lives in it, derived from the token."""

    def __init__(self, token: str | None, secret: bytes) -> None:
        super().__init__()
        self.token = token
        self.is_fresh = False
        self.dropped = False
        self._secret = secret
        if token:
            super().__setitem__("csrf_token", self._csrf(token))

    def _csrf(self, token: str) -> str:
        return hmac.new(self._secret, b"csrf:" + token.encode(), "sha256").hexdigest()

    def __setitem__(self, key: str, value: Any) -> None:
        if key != "csrf_token":
            raise TypeError("the cookie session keeps nothing; sessions are rows")
        if self.token is None:
            self.renew()
        super().__setitem__("csrf_token", self._csrf(cast(str, self.token)))

    def renew(self, token: str | None = None) -> None:
        """Another token for the browser: at the first form, at sign-in, at the second step, at each confirmation."""
        self.token, self.is_fresh, self.dropped = token or tokens.new_token(), True, False
        super().__setitem__("csrf_token", self._csrf(self.token))
        # A form on the page that this request answers with must carry the new token's.
        g.pop("csrf_token", None)

    def drop(self) -> None:
        """Forget the token: after signing out."""
        self.token, self.dropped = None, True
        self.pop("csrf_token", None)

    @property
    def token_hash(self) -> str | None:
        return tokens.token_hash(self.token) if self.token else None


class TokenSessionInterface(SessionInterface):
    """Reads and writes the one cookie."""

    def open_session(self, app: Flask, request: Request) -> TokenSession:
        token = request.cookies.get(app.config["SESSION_COOKIE_NAME"])
        if token is not None and not 20 <= len(token) <= 100:
            token = None
        return TokenSession(token, app.secret_key.encode() if isinstance(app.secret_key, str) else b"")

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        own = cast(TokenSession, session)
        name = app.config["SESSION_COOKIE_NAME"]
        secure = app.config["SESSION_COOKIE_SECURE"]
        if own.dropped:
            response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")
        elif own.is_fresh and own.token:
            response.set_cookie(name, own.token, path="/", secure=secure, httponly=True, samesite="Lax")
