"""The shop's pages: what there is, the form of each offer, and the one click that opens it."""

from collections.abc import Sequence

from zoe.api.forms import Form
from zoe.api.operation import Call, Need
from zoe.api.pages import GoTo, Shown, page
from zoe.api.submission import place_order, read_order
from zoe.errors import FaultyDocumentError, NotFoundError, QuotaExceededError, ZAppInvalidError
from zoe.state import executions
from zoe.web.answers import filled, parameters, prefilled, with_faults
from zoe.web.fields import Field
from zoe.web.shop.offers import Offer
from zoe.web.shop.shelves import Shop
from zoe.web.site import WebPage

LONGEST_NAME = 128


class _ShopPage(WebPage):
    def shop(self) -> Shop:
        """Return the shop of this deployment."""
        return Shop(self.collaborators.zapp_types, self.collaborators.settings.zapps.shop_dir)


class Shelves(_ShopPage):
    """The whole shop."""

    @page()
    def on_get(self, call: Call[Form]) -> Shown:
        """Show everything that one may start, by category."""
        shop = self.shop()
        categories: dict[str, list[Offer]] = {}
        for one in sorted(shop.offers(call.caller), key=lambda one: not one.one_click):
            categories.setdefault(one.category, []).append(one)
        faults = shop.faults() if Need.CHANGE_CONFIG in call.caller.permissions else []
        return self.show(call, "shop.html", categories=categories, faults=faults)


class OneOffer(_ShopPage):
    """An offer: its form, and starting it."""

    @page()
    def on_get(self, call: Call[Form], key: str) -> Shown:
        """Show the form, with the parameters of an earlier execution (`?again=`) if one asks for that."""
        offer = self.shop().offer(call.caller, key)
        return self._form(call, offer, self._earlier(call, offer), offer.title)

    @page()
    def on_post(self, call: Call[Form], key: str) -> Shown | GoTo:
        """Start it with what the form says, or with the defaults; then wait for it to open."""
        offer, form = self.shop().offer(call.caller, key), call.document
        name = form.get("name", "").strip()[:LONGEST_NAME] or offer.title[:LONGEST_NAME]
        try:
            sent = offer.request(parameters(offer.fields, form))
            number, _ = place_order(self, call.caller, read_order(self, {**sent, "name": name}))
        except FaultyDocumentError as error:
            return self._refused(call, offer, name, error)
        except QuotaExceededError as error:
            return self._form(call, offer, filled(offer.fields, form), name, [str(error)], 409)
        return GoTo(self.path(f"/executions/{number}/opening"))

    def _refused(self, call: Call[Form], offer: Offer, name: str, error: FaultyDocumentError) -> Shown:
        known, rest = with_faults(filled(offer.fields, call.document), error.faults)
        said = [str(error)] if isinstance(error, ZAppInvalidError) else rest
        return self._form(call, offer, known, name, said, 400)

    def _earlier(self, call: Call[Form], offer: Offer) -> Sequence[Field]:
        number = call.request.get_param("again") or ""
        if not number.isdecimal() or len(number) > 18:
            return offer.fields
        found = executions.execution(self.collaborators.database, int(number))
        if found["user_id"] != call.caller.id or found["zapp_type"] != offer.zapp_type:
            raise NotFoundError(kind="execution", name=number)
        return prefilled(offer.fields, found["parameters"] or {})

    def _form(  # noqa: PLR0913, PLR0917 - what the template needs
        self,
        call: Call[Form],
        offer: Offer,
        known: Sequence[Field],
        name: str,
        messages: Sequence[str] = (),
        code: int = 200,
    ) -> Shown:
        faulty = [one for one in known if one.error]
        return self.show(
            call, "offer.html", code=code, offer=offer, fields=known, name=name, messages=messages, faulty=faulty
        )


class Logo(_ShopPage):
    """The picture of an offer."""

    @page()
    def on_get(self, call: Call[Form], key: str) -> Shown:
        """Return it."""
        picture = self.shop().offer(call.caller, key).logo
        if picture is None:
            raise NotFoundError(kind="logo", name=key)
        return Shown(picture, "image/png")
