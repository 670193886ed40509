"""A restaurant's register, and what was, is and will be sent to it."""

import hashlib

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pos_bridge.encryption import CredentialsField

HIGHEST_NUMBER = 2**31 - 1


class Register(models.Model):
    """A till as it was configured. Another shop or host is another record: what waits stays bound to its own (F70)."""

    class Kind(models.TextChoices):
        LEO2 = "leo2", "LEO2 (LEO2Click)"
        ENREGISTREUSE = "enregistreuse", "enregistreuse.fr"
        TILLER = "tiller", "Tiller (Order API v2)"

    restaurant = models.ForeignKey(
        "ordering.Restaurant",
        models.PROTECT,
        related_name="registers",
        verbose_name=_("restaurant"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    base_url = models.CharField(
        _("address"),
        max_length=500,
        help_text=_("As the register's maker gave it, for example https://caisse.example.fr"),
    )
    credentials = CredentialsField(_("keys"), default=dict)
    # What only this kind has.
    options = models.JSONField(_("options"), default=dict, blank=True)
    # Orders go to the current one; those of before are kept for what still waits for them.
    current = models.BooleanField(_("in use"), default=True)
    # Which till this is, whoever orders on it (services/registers.py): its restaurants share their numbers.
    till = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    # The highest number given to an addition (pos_bridge/numbers.py).
    last_number = models.PositiveBigIntegerField(default=0, editable=False)
    # Set where nothing can pass until a person changes something; saving the register clears it.
    paused_reason = models.CharField(
        _("paused because"), max_length=200, blank=True, default="", editable=False
    )
    # Who may speak to the register now, and until when: one POST at a time (P12).
    lease_owner = models.CharField(max_length=64, blank=True, default="", editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    # When its lists of states are read next.
    next_poll_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("register")
        verbose_name_plural = _("registers")
        constraints = [
            models.UniqueConstraint(
                fields=["restaurant"], condition=Q(current=True), name="register_one_current"
            ),
            models.CheckConstraint(
                condition=Q(last_number__gte=0, last_number__lte=HIGHEST_NUMBER),
                name="register_number_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.restaurant}, {self.get_kind_display()}"


class Addition(models.Model):
    """One text of an order for one register: its number, its frozen body, its state. Only outbox.py moves the state."""

    class State(models.TextChoices):
        """Each says who moves it on."""

        QUEUED = "queued", _("queued")  # a worker claims it
        SENDING = (
            "sending",
            _("sending"),
        )  # its worker settles it, or another one when the lease has run out
        ACCEPTED = "accepted", _("accepted by the relay")  # the register's list of states
        RECEIVED = (
            "received",
            _("on the till"),
        )  # the register's list of states, when the table has paid
        SETTLED = "settled", _("settled")  # nobody: the end
        REFUSED = "refused", _("refused")  # guest or staff, by taking it back or handling it
        UNCERTAIN = "uncertain", _("may be on the till")  # a look-up, a list, or a person
        HELD = "held", _("waits for a person")  # a person
        HANDLED = "handled", _("handled by a person")  # nobody: the end

    class Handled(models.TextChoices):
        ON_TILL = "on_till", _("on the till")
        BY_HAND = "by_hand", _("entered by hand")
        CANCELLED = "cancelled", _("cancelled")
        REPLACED = "replaced", _("replaced by another")
        TAKEN_BACK = "taken_back", _("taken back into the cart")

    order = models.ForeignKey(
        "ordering.Order", models.PROTECT, related_name="additions", verbose_name=_("order")
    )
    # From 1: the order's first, second, … text. The last counts.
    position = models.PositiveSmallIntegerField(_("which text of the order"), default=1)
    register = models.ForeignKey(
        Register, models.PROTECT, related_name="additions", verbose_name=_("register")
    )
    number = models.PositiveBigIntegerField(_("number of the addition"))
    # For Tiller's externalId.
    uuid = models.UUIDField("UUID", null=True)
    ticket = models.JSONField()
    # The exact text, without credentials. Never rebuilt for this number (P5).
    body = models.TextField(_("text sent"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    handled_as = models.CharField(
        _("handled as"), max_length=10, choices=Handled.choices, blank=True, default=""
    )
    # Why it is refused, uncertain or held: a word for the table of phrases; the register's own for superusers.
    reason = models.CharField(_("reason"), max_length=50, blank=True, default="")
    detail = models.CharField(_("detail"), max_length=500, blank=True, default="")
    # The register's own word for its state, also where we do not know it.
    till_state = models.CharField(_("state on the till"), max_length=50, blank=True, default="")
    tries = models.PositiveIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    received_at = models.DateTimeField(_("received"), null=True)

    class Meta:
        verbose_name = _("addition")
        verbose_name_plural = _("additions")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["register", "number"], name="addition_number_once"),
            models.UniqueConstraint(fields=["order", "position"], name="addition_position_once"),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=HIGHEST_NUMBER), name="addition_number_range"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "queued",
                        "sending",
                        "accepted",
                        "received",
                        "settled",
                        "refused",
                        "uncertain",
                        "held",
                        "handled",
                    ]
                ),
                name="addition_state_known",
            ),
        ]
        indexes = [
            # waiting.due and waiting.lost read these at every turn; the finished, all but a few, are not in it.
            models.Index(
                fields=["register", "next_try_at"],
                condition=Q(state__in=["queued", "sending", "uncertain"]),
                name="addition_to_send",
            ),
            # waiting.followed: what the lists of states are read for.
            models.Index(
                fields=["register", "state"],
                condition=Q(state__in=["accepted", "received", "uncertain", "held", "refused"]),
                name="addition_to_follow",
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)

    @property
    def body_sha256(self) -> str:
        return hashlib.sha256(self.body.encode()).hexdigest()


class AdditionEvent(models.Model):
    """What must act once. Written in the settling UPDATE's own transaction, consumed by ordering.services."""

    class Kind(models.TextChoices):
        SETTLED = "settled", _("the table has paid")
        REFUSED = "refused", _("the register refused it")

    addition = models.ForeignKey(Addition, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    consumed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["addition", "kind"], name="addition_event_once")
        ]
        indexes = [
            models.Index(
                fields=["kind"],
                condition=Q(consumed_at__isnull=True),
                name="addition_event_to_consume",
            )
        ]

    def __str__(self) -> str:
        return f"{self.addition}, {self.kind}"


class Attempt(models.Model):
    """One try: when, how long, what came back. No secret, and at most 500 characters of the answer (P26)."""

    addition = models.ForeignKey(
        Addition, models.CASCADE, related_name="attempts", verbose_name=_("addition")
    )
    number = models.PositiveIntegerField(_("try"))
    worker = models.CharField(_("worker"), max_length=64)
    started_at = models.DateTimeField(_("started"))
    duration_ms = models.PositiveIntegerField(_("duration, ms"), null=True)
    # Empty while it runs: a worker that was killed leaves it so.
    outcome = models.CharField(_("outcome"), max_length=20, blank=True, default="")
    reason = models.CharField(_("reason"), max_length=50, blank=True, default="")
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    answer_sha256 = models.CharField(max_length=64, blank=True, default="")
    answer = models.CharField(_("answer"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("try")
        verbose_name_plural = _("tries")
        ordering = ["addition", "number"]
        constraints = [
            models.UniqueConstraint(fields=["addition", "number"], name="attempt_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.addition}, {self.number}"
