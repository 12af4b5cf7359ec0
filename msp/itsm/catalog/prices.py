"""Prices in words: an amount with its currency, once and per month."""

from decimal import Decimal

_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}


def amount_words(amount: Decimal, currency: str) -> str:
    """`£980`, `£12.50`, `CHF 1,200`: pennies only where there are some."""
    text = f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"
    return f"{sign_of(currency)}{text}"


def sign_of(currency: str) -> str:
    """What stands before an amount: `£`, or `CHF ` where a currency has no sign of its own here."""
    return _SIGNS.get(currency, f"{currency} ")


def price_words(once: Decimal | None, monthly: Decimal | None, currency: str) -> str:
    """`£980, and £34 a month`; empty where nothing is said of a price, `no charge` where it is nought."""
    said = [amount_words(once, currency)] if once else []
    if monthly:
        said.append(f"{amount_words(monthly, currency)} a month")
    if said:
        return ", and ".join(said)
    return "no charge" if once is not None or monthly is not None else ""
