"""What the form "Take this address" of the card "Decide" does. Admins only."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from sora_portal import clock
from sora_portal.accounts.http import Request
from sora_portal.errors import Refused
from sora_portal.generations.resolution.forms import AddressForm
from sora_portal.generations.resolution.views import card, done, generation_of, refused
from sora_portal.outputs.manual_address import actions


@login_required
@require_POST
def take_address(request: Request, public_id: str) -> HttpResponse:
    """Fetch the video from an address that an admin names: 422 with what was typed kept, 409 when it is too late."""
    generation = generation_of(request, public_id)
    form = AddressForm(request.POST, auto_id="decide_%s")
    if not form.is_valid():
        return card(request, generation, form, status=422)
    values = form.cleaned_data
    try:
        actions.take_address(
            by=request.user,
            generation=generation,
            typed=values["address"],
            reason=values["reason"],
            allow_host=values["allow_host"],
            now=clock.now(),
        )
    except Refused as refusal:
        return refused(request, generation, refusal, form)
    return done(request, generation, "The portal fetches the video from there")
