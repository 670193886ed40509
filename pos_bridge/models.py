"""A restaurant's register, and what was, is and will be sent to it."""

import hashlib

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pos_bridge.encryption import CredentialsField, EncryptedTextField
from pos_bridge.registers import kinds

HIGHEST_NUMBER = 2**31 - 1


class Register(models.Model):
    """A till as it was configured. Another shop or host is another record: what waits stays bound to its own (F70)."""

    restaurant = models.ForeignKey(
        "ordering.Restaurant",
        models.PROTECT,
        related_name="registers",
        verbose_name=_("restaurant"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=kinds)
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
    # The highest number whose addition has been purged: the till may list it, and nobody else has given it.
    forgotten_to = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    # Set where nothing can pass until a person changes something; saving the register clears it.
    paused_reason = models.CharField(
        _("paused because"), max_length=200, blank=True, default="", editable=False
    )
    # Who may speak to the register now, and until when: one POST at a time (P12).
    lease_owner = models.CharField(max_length=64, blank=True, default="", editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    # When its lists of states are read next.
    next_poll_at = models.DateTimeField(null=True, editable=False)
    # Tries in a row that it has not answered as it should, and since when (pos_bridge/breaker.py).
    failures = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    silent_since = models.DateTimeField(null=True, editable=False)

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
    # When a person let it go on although it was old: freshness counts from then (P8).
    released_at = models.DateTimeField(_("sent again by a person"), null=True)
    # When a person let it go to the register for the first time: until then it waited, and was not late.
    approved_at = models.DateTimeField(_("approved by a person"), null=True)
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
            # words.needs_person: the staff's list, and the alarms, ask it every few seconds.
            models.Index(
                fields=["created_at"],
                condition=Q(
                    state__in=["queued", "sending", "accepted", "refused", "uncertain", "held"]
                ),
                name="addition_undelivered",
            ),
            # The same list: what a person had dealt with and came to stand on the till all the same.
            models.Index(
                fields=["created_at"],
                condition=Q(state="handled", reason="on_till_too"),
                name="addition_on_till_too",
            ),
            # alarms.present: what came late; health: how many came in the last minute.
            models.Index(fields=["received_at"], name="addition_received"),
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


class StrangeNumber(models.Model):
    """A number of our range that the register lists and that we never gave: a second installation, a restored backup,
    a dead clock. The register pauses until a person has looked (`settled_at`).
    """

    register = models.ForeignKey(
        Register, models.CASCADE, related_name="strange_numbers", verbose_name=_("register")
    )
    number = models.PositiveBigIntegerField(_("number of the addition"))
    till_state = models.CharField(_("state on the till"), max_length=50, blank=True)
    seen_at = models.DateTimeField(_("seen"))
    settled_at = models.DateTimeField(_("looked at"), null=True)

    class Meta:
        verbose_name = _("number of somebody else")
        verbose_name_plural = _("numbers of somebody else")
        ordering = ["register", "number"]
        constraints = [
            models.UniqueConstraint(fields=["register", "number"], name="strange_number_once")
        ]

    def __str__(self) -> str:
        return str(self.number)


class Heartbeat(models.Model):
    """A process that must run, and when it was last seen to (pos_bridge/heartbeat.py)."""

    class Kind(models.TextChoices):
        DELIVER = "deliver", "deliver"
        WATCH = "watch", "watch"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Host and process: each start is another one.
    name = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    # When the machine's clock was last seen to jump, and by how many seconds (F37, F38).
    jumped_at = models.DateTimeField(null=True)
    jumped_by = models.FloatField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="heartbeat_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Alarm(models.Model):
    """What a person must hear of who looks at no screen: table, number and reason, nothing else. Told once while it
    lasts.
    """

    # What it is about: "addition:12:held", "register:3:silent", "deliver". One that lasts is one row.
    key = models.CharField(max_length=100)
    restaurant = models.ForeignKey(
        "ordering.Restaurant", models.CASCADE, null=True, related_name="alarms"
    )
    # A word for the table of phrases (words.REASONS).
    reason = models.CharField(max_length=50)
    table = models.CharField(max_length=100, blank=True)
    order_number = models.PositiveIntegerField(null=True)
    raised_at = models.DateTimeField()
    # Set when what it is about has passed.
    over_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    # Which addresses have it (alarms.mark_of): one that fails must not repeat it to the others.
    served = models.JSONField(default=list)
    tries = models.PositiveIntegerField(default=0)
    first_tried_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True, default="")
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(over_at__isnull=True), name="alarm_once_while_it_lasts"
            )
        ]
        indexes = [
            # alarms.to_send asks every second.
            models.Index(
                fields=["next_try_at"], condition=Q(sent_at__isnull=True), name="alarm_to_send"
            )
        ]

    def __str__(self) -> str:
        return self.key


class Hook(models.Model):
    """An address of ours that a register calls (ordering/hooks.py): who knows its secret is the register. A table of
    its own, so that reading a register decrypts nothing.
    """

    register = models.OneToOneField(
        Register, models.CASCADE, related_name="hook", verbose_name=_("register")
    )
    secret = EncryptedTextField(editable=False)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"))
    # When it was last called: the manager sees whether the vendor has set it up.
    called_at = models.DateTimeField(_("last called"), null=True)

    def __str__(self) -> str:
        return str(self.register)
