"""Every permission there is. A route names exactly one, or it is denied."""

from __future__ import annotations

from enum import Enum


class Permission(Enum):
    """What may be done, as `what:act`."""

    PUBLIC = "public"  # no credential: health, sign-in, static files, the capability statement
    SIGNED_IN = "signed_in"  # any account: own language, sign-out

    PATIENT_LIST = "patient:list"
    PATIENT_VIEW = "patient:view"
    FHIR_READ = "fhir:read"
    FHIR_SEARCH = "fhir:search"
    FHIR_WRITE = "fhir:write"
    FHIR_DELETE = "fhir:delete"
    BULK_EXPORT = "bulk:export"  # everything of everybody, as files
    BULK_IMPORT = "bulk:import"
    RECORD_EXPORT = "record:export"
    RECORD_VIEW = "record:view"
    RECORD_CREATE = "record:create"
    RECORD_EDIT = "record:edit"  # write on its papers
    RECORD_CANCEL = "record:cancel"
    RECORD_RESTORE = "record:restore"
    RECORD_CLOSE = "record:close"  # end the treatment, submit for review, open again
    RECORD_ARCHIVE = "record:archive"  # the second review: return or archive
    RECORD_HOLD = "record:hold"  # legal holds
    RECORD_PRINT = "record:print"
    RECORD_SIGN = "record:sign"  # with one's own certificate; take the confirmation of a patient
    ORDER_WRITE = "order:write"  # order, stop and change, take a patient, move and discharge: a doctor's
    CARE_WRITE = "care:write"  # vital signs, fluids, doses given, handing a shift over
    RECORD_IMPORT = "record:import"  # take packages of other hospitals
    RECORD_LEND = "record:lend"  # decide on loans of archived records
    RECORD_DESTROY = "record:destroy"  # propose, approve and carry out destruction
    RECORD_REQUEST = "record:request"  # requests of patients for a summary or copies
    MESSAGE_VIEW = "message:view"  # the dead letters and the way of a message
    MESSAGE_MEND = "message:mend"  # mend and replay
    BHYT_UPLOAD = "bhyt:upload"  # BHYT XML files into the record
    TRACE_VIEW = "trace:view"
    DELIVERY_VIEW = "delivery:view"
    SEND_MANAGE = "send:manage"  # files of messages to authorities: take, mend, say that they were handed over
    CHECK_UP_UPLOAD = "check_up:upload"  # health check-ups that shall reach the Ministry's hub
    REPOSITORY_DELIVER = "repository:deliver"
    BOOK_READ = "book:read"  # the citizen's own book
    METRICS_READ = "metrics:read"
    ACCOUNT_MANAGE = "account:manage"
    SEARCH_EXPLAIN = "search:explain"  # how a search was run (statements and plans), and the index built anew
    SUBSCRIPTION_TOPIC = "subscription:topic"  # write what others may subscribe to
    SECRECY_VIEW = "secrecy:view"  # what is marked as of special secrecy, besides what is not
    LEDGER_VIEW = "ledger:view"
    ACCESS_GRANT = "access:grant"  # give somebody leave to use a patient's records, for a purpose and a time
    ACCESS_REVIEW = "access:review"  # the privacy officer: emergencies to judge, who looked at whom
    ACCESS_MATRIX = "access:matrix"  # read the rights matrix
    DEPLOYMENT_VIEW = "deployment:view"  # how a hospital stands: its figures, papers and steps
    DEPLOYMENT_WRITE = "deployment:write"  # put papers, go the steps to publication, enrol its node
    DEPLOYMENT_OVERSEE = "deployment:oversee"  # every hospital: take lists in, withdraw
    EXCHANGE_ASK = "exchange:ask"  # ask other hospitals for what they hold of a patient
    EMERGENCY = "access:emergency"  # open a patient's records in an emergency
