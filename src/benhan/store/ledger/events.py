"""The grammar of what is recorded: `source:subject:action`, each with the only fields it may carry.

A field holds an id, a code or a number; never a name, a value of a result, or what somebody typed.
Source: TT 13/2025/TT-BYT (audit of all transactions); CV 365/TTYQG-GPQLCL III.1.1 đ; IHE BALP.
"""

from __future__ import annotations

from enum import Enum

from benhan.kernel.faults import Broken, FaultCode
from benhan.kernel.texts import Text

BAD_DETAIL = FaultCode(
    "BA-0510",
    Broken,
    Text("Sự kiện {event} không có trường {field}.", "The event {event} has no field {field}."),
)


class Event(Enum):
    """Every event: its number in the database (never reused), its label, its fields."""

    RESOURCE_CREATE = (1, "resource:content:create", ("client",))
    RESOURCE_UPDATE = (2, "resource:content:update", ("client",))
    RESOURCE_DELETE = (3, "resource:content:delete", ("client",))
    RESOURCE_VIEW = (4, "resource:content:view", ("client", "by"))
    RESOURCE_HISTORY = (5, "resource:content:history", ("client", "by"))
    RESOURCE_SEARCH = (6, "resource:content:search", ("parameters", "count", "client", "by"))
    PATIENT_VIEW = (7, "patient:page:view", ("page", "by"))
    BOOK_VIEW = (8, "book:page:view", ("page",))
    RECORD_EXPORT = (9, "record:export:hoso_benh_an", ("format", "by"))
    DOCUMENT_EXPORT = (10, "record:export:document", ("format", "by"))
    MESSAGE_RECEIVE = (20, "message:hl7v2:receive", ("message", "structure"))
    MESSAGE_APPLY = (21, "message:hl7v2:apply", ("message", "structure"))
    MESSAGE_PARK = (22, "message:hl7v2:park", ("message", "fault"))
    MESSAGE_MEND = (23, "message:hl7v2:mend", ("message",))
    MESSAGE_REPLAY = (24, "message:hl7v2:replay", ("message",))
    MESSAGE_VIEW = (25, "message:hl7v2:view", ("message",))
    DELIVERY_PUT = (30, "delivery:repository:put", ("delivery", "destination"))
    DELIVERY_RECEIPT = (31, "delivery:repository:receipt", ("delivery", "receipt"))
    DELIVERY_REFUSE = (32, "delivery:repository:refuse", ("delivery", "fault"))
    DELIVERY_INGEST = (33, "delivery:repository:ingest", ("receipt", "facility"))
    SEND_PUT = (90, "delivery:authority:put", ("send", "destination", "kind"))
    SEND_RECEIPT = (91, "delivery:authority:receipt", ("send", "destination", "receipt"))
    SEND_REFUSE = (92, "delivery:authority:refuse", ("send", "destination", "fault"))
    SEND_PARK = (93, "delivery:authority:park", ("send", "destination", "fault"))
    SEND_BY_HAND = (94, "delivery:authority:by_hand", ("send", "destination", "receipt"))
    SEND_VIEW = (95, "delivery:authority:view", ("send", "destination"))
    SESSION_OPEN = (40, "account:session:open", ())
    SESSION_FAIL = (41, "account:session:fail", ("fault",))
    SESSION_LOCK = (42, "account:session:lock", ("until",))
    SESSION_CLOSE = (43, "account:session:close", ())
    ACCOUNT_CREATE = (44, "account:account:create", ("account", "role"))
    TOKEN_CREATE = (45, "account:token:create", ("token", "role"))
    PASSWORD_CHANGE = (46, "account:password:change", ())
    ACCOUNT_DISABLE = (47, "account:account:disable", ())
    TOKEN_REVOKE = (48, "account:token:revoke", ("token",))
    ACCOUNT_GRANT = (49, "account:account:grant", ("permission", "given"))
    KEK_ROTATE = (50, "keys:kek:rotate", ("from", "to", "count"))
    PATIENT_SHRED = (51, "keys:patient:shred", ())
    ROOT_SIGN = (60, "ledger:root:sign", ("day",))
    BULK_IMPORT = (61, "store:bulk:import", ("count",))
    BULK_EXPORT = (62, "store:bulk:export", ("type",))
    CLIENT_KEYS = (69, "smart:client:keys", ("client",))
    CLIENT_CREATE = (70, "smart:client:create", ("client", "kind"))
    CLIENT_DISABLE = (71, "smart:client:disable", ("client",))
    LAUNCH_CREATE = (72, "smart:launch:create", ("client",))
    GRANT_CREATE = (73, "smart:grant:create", ("client", "grant", "scope"))
    GRANT_REFUSE = (74, "smart:grant:refuse", ("client", "fault"))
    GRANT_REVOKE = (75, "smart:grant:revoke", ("client", "grant"))
    ACCESS_ISSUE = (76, "smart:token:issue", ("client", "grant", "scope"))
    ACCESS_REFRESH = (77, "smart:token:refresh", ("client", "grant"))
    ACCESS_REFUSE = (78, "smart:token:refuse", ("client", "fault"))
    ACCESS_REUSE = (79, "smart:token:reuse", ("client", "grant"))
    BULK_START = (81, "bulk:job:start", ("job", "kind", "level"))
    BULK_CANCEL = (82, "bulk:job:cancel", ("job",))
    BULK_FILE = (83, "bulk:job:file", ("job", "file"))
    BULK_VIEW = (84, "bulk:content:view", ("job", "count"))
    RESOURCE_EVERYTHING = (80, "resource:content:everything", ("count", "client", "by"))

    RECORD_VIEW = (110, "record:content:view", ("by",))
    RECORD_ACT = (111, "record:life:act", ("act", "paper"))
    PAPER_VIEW = (112, "record:paper:view", ("paper", "by"))
    PAPER_PRINT = (113, "record:paper:print", ("paper", "print", "by"))
    PAPER_SIGN = (120, "record:signature:make", ("paper", "signed", "duty", "file"))
    PAPER_REFUSE = (121, "record:signature:refuse", ("paper", "signed"))
    PAPER_STAMP = (122, "record:signature:stamp", ("paper", "signed", "file"))
    PAPER_CONFIRM = (123, "record:confirmation:take", ("paper", "signed", "method"))
    SIGNED_FILE_VIEW = (124, "record:signature:view", ("paper", "signed"))
    SIGNER_SET = (125, "account:signer:set", ("account", "kind"))
    SIGNER_LOCK = (126, "account:signer:lock", ("fault",))
    DELEGATION_CHANGE = (127, "account:delegation:change", ("deputy", "given"))

    ACCESS_GRANT = (150, "access:grant:give", ("grant", "account", "purpose"))
    ACCESS_REVOKE = (151, "access:grant:revoke", ("grant", "account"))
    EMERGENCY_OPEN = (152, "access:emergency:open", ("emergency", "account", "reason"))
    EMERGENCY_READ = (153, "access:emergency:read", ("emergency",))
    EMERGENCY_JUDGE = (154, "access:emergency:judge", ("emergency", "verdict"))
    LOOKS_VIEW = (155, "access:looks:view", ("count", "format"))
    ACCOUNT_CHANGE = (157, "account:account:change", ("account",))
    ACCOUNT_DEPARTMENT = (158, "account:department:change", ("account", "department", "given"))

    WARD_VIEW = (130, "ward:board:view", ("count", "by"))
    SHIFT_GIVE = (131, "ward:shift:give", ("count",))
    SHIFT_ACCEPT = (132, "ward:shift:accept", ("handover",))
    PACKAGE_EXPORT = (160, "record:package:export", ("files",))
    PACKAGE_RECEIVE = (161, "record:package:receive", ("package", "fault"))
    PACKAGE_VIEW = (162, "record:package:view", ("package", "file"))
    PACKAGE_JOIN = (163, "record:package:join", ("package",))
    PACKAGE_REFUSE = (164, "record:package:refuse", ("package",))
    LOAN_ACT = (165, "record:loan:act", ("loan", "act"))
    REQUEST_ACT = (166, "record:request:act", ("request", "act"))
    DESTRUCTION_ACT = (167, "record:destruction:act", ("batch", "act", "count"))
    EVIDENCE_MAKE = (170, "ledger:evidence:make", ("day", "count", "root"))
    EVIDENCE_STAMP = (171, "ledger:evidence:stamp", ("count",))
    EVIDENCE_DIGEST = (172, "ledger:evidence:digest", ("tree", "count", "gone", "damaged"))
    HOSPITAL_DUMP = (168, "store:hospital:dump", ("count",))
    RESTORE_PROVE = (220, "store:restore:prove", ("count", "damaged"))
    DEPLOYMENT_ACT = (221, "deployment:step:act", ("facility", "act"))
    DEPLOYMENT_PAPER = (222, "deployment:paper:act", ("facility", "criterion", "paper", "act"))
    EVIDENCE_TAKE = (223, "deployment:evidence:take", ("facility", "number"))
    EVIDENCE_KEY = (224, "deployment:key:act", ("facility", "key", "act"))
    FACILITY_LIST = (225, "deployment:list:take", ("added", "changed"))

    IDENTITY_LEARN = (180, "identity:record:learn", ("member", "count", "fresh"))
    IDENTITY_MATCH = (181, "identity:person:match", ("member", "count"))
    IDENTITY_JOIN = (182, "identity:person:join", ("identity", "into", "question"))
    IDENTITY_PART = (183, "identity:person:part", ("identity", "into"))
    IDENTITY_JUDGE = (184, "identity:question:judge", ("question", "verdict"))
    IDENTITY_MOVE = (185, "identity:record:move", ("record", "identity", "into"))
    IDENTITY_VIEW = (186, "identity:question:view", ("question", "count"))

    HUB_MEMBER = (190, "hub:member:change", ("member", "act", "key"))
    HUB_CONFIGURATION = (191, "hub:configuration:publish", ("version",))
    HUB_ASK = (192, "hub:exchange:ask", ("exchange", "member", "digest", "basis", "purpose", "role", "holders"))
    HUB_REFUSE = (193, "hub:message:refuse", ("member", "type", "fault"))
    HUB_ANSWER = (194, "hub:exchange:answer", ("exchange", "member", "digest", "state"))
    HUB_RECEIPT = (195, "hub:exchange:receipt", ("exchange", "member", "digest"))
    HUB_STOP = (196, "hub:exchange:stop", ("exchange", "reason"))
    HUB_PUSH = (197, "hub:exchange:push", ("exchange", "member", "digest", "basis", "recipient"))
    HUB_CONSENT = (198, "hub:consent:take", ("consent", "member", "said"))
    HUB_REVOKE = (199, "hub:consent:revoke", ("consent", "member"))
    HUB_CONSENT_VIEW = (203, "hub:consent:view", ("member", "count"))
    HUB_LOCATION = (200, "hub:location:register", ("member", "count"))
    HUB_RERUN = (201, "hub:exchange:rerun", ("exchange",))
    HUB_LOG_VIEW = (202, "hub:exchange:view", ("exchange", "count"))
    EXCHANGE_ASK = (210, "exchange:record:ask", ("digest", "basis", "purpose"))
    EXCHANGE_GIVE = (211, "exchange:record:give", ("exchange", "member", "ask", "digest", "basis", "count"))
    EXCHANGE_REFUSE = (212, "exchange:record:refuse", ("exchange", "member", "ask", "reason"))
    EXCHANGE_KEEP = (213, "exchange:record:keep", ("exchange", "member", "digest", "receipt"))
    EXCHANGE_RECEIPT = (214, "exchange:record:receipt", ("exchange", "member", "digest"))

    def __init__(self, number: int, label: str, fields: tuple[str, ...]) -> None:
        self.number = number
        self.label = label
        self.fields = fields

    def check(self, detail: dict[str, str | int]) -> None:
        """Raises Broken BA-0510 for a field the event does not declare."""
        for name in detail:
            if name not in self.fields:
                raise BAD_DETAIL(event=self.label, field=name)


EVENTS_BY_NUMBER: dict[int, Event] = {event.number: event for event in Event}
