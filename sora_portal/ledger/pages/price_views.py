"""The page Prices: what each model costs, from when, what it cost before, what its vendor charges us. Admins only."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sora_portal.accounts.http import Request
from sora_portal.accounts.policies import require_admin
from sora_portal.catalog import actions as catalog
from sora_portal.catalog.models import VideoModel
from sora_portal.catalog.prices import Prices, all_prices, prices_of
from sora_portal.ledger.pages.price_forms import PricesForm
from sora_portal.ledger.pages.vendor_price_forms import VendorPriceForm
from sora_portal.web.http import with_toast

PAGE = "credits/prices.html"


def _page(
    request: Request, wrong: PricesForm | VendorPriceForm | None = None, touched: str = "", status: int = 200
) -> HttpResponse:
    """Return the page, for htmx its changing part; `wrong` is a form that was refused, `touched` a model's slug."""
    now = timezone.now()
    cards = []
    for prices in all_prices(now):
        mine = wrong if wrong is not None and wrong.prices.model.pk == prices.model.pk else None
        form = mine if isinstance(mine, PricesForm) else PricesForm(prices=prices, now=now)
        cards.append((prices, form, mine if isinstance(mine, VendorPriceForm) else VendorPriceForm(prices=prices)))
    template = f"{PAGE}#page" if request.htmx else PAGE
    return render(request, template, {"cards": cards, "touched": touched}, status=status)


@login_required
@require_GET
def prices(request: Request) -> HttpResponse:
    """Every model that is not retired, with its price lists."""
    require_admin(request.user)
    return _page(request)


@login_required
@require_POST
def set_prices(request: Request, slug: str) -> HttpResponse:
    """Add a price list to a model."""
    require_admin(request.user)
    now = timezone.now()
    listed = _listed(slug, now)
    model = listed.model
    form = PricesForm(request.POST, prices=listed, now=now)
    if not form.is_valid():
        form.fields[next(iter(form.errors))].widget.attrs["autofocus"] = True
        return _page(request, form, slug, status=422)
    begins, note = form.cleaned_data["valid_from"], form.cleaned_data["note"]
    catalog.set_prices(by=request.user, model=model, prices=form.rules(), valid_from=begins, note=note, now=now)
    return _done(request, slug, f"{model}: new prices")


@login_required
@require_POST
def set_vendor_price(request: Request, slug: str) -> HttpResponse:
    """Enter what the vendor charges us for a model."""
    require_admin(request.user)
    now = timezone.now()
    listed = _listed(slug, now)
    form = VendorPriceForm(request.POST, prices=listed)
    if not form.is_valid():
        form.fields[next(iter(form.errors))].widget.attrs["autofocus"] = True
        return _page(request, form, slug, status=422)
    data = dict(form.cleaned_data)
    micro = data.pop("amount")
    added = catalog.set_vendor_price(by=request.user, model=listed.model, amount_micro=micro, now=now, **data)
    return _done(request, slug, f"{listed.model}: the vendor's price is {added.text}")


def _listed(slug: str, now: datetime) -> Prices:
    """Return the prices of a model that is not retired, or answer 404."""
    model = get_object_or_404(VideoModel.objects.exclude(lifecycle="retired").select_related("connection"), slug=slug)
    listed = prices_of(model, now)
    if listed is None:
        raise Http404(f"{model} cannot be read")
    return listed


def _done(request: Request, slug: str, text: str) -> HttpResponse:
    """Show the page again and say what was done."""
    if request.htmx:
        return with_toast(_page(request, touched=slug), text)
    messages.success(request, text)
    return redirect("credits:prices")
